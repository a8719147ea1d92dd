#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace foldlog::bench {

/// A program that this benchmark started. Ends it (SIGTERM, then SIGKILL after 30 s) when destroyed.
class child_process {
 public:
  /// Starts it with its stdout read here and its stderr in a file (`error_path`, "" = shared with ours).
  explicit child_process(const std::vector<std::string>& command, const std::string& error_path = "");
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// The next line of its stdout without its end; "" at the end of the output.
  std::string read_line();
  /// SIGTERM, and the exit code (128 + signal when it died of one).
  int stop();
  /// Waits for its own end; the exit code.
  int wait();

 private:
  pid_t process_ = -1;
  int output_ = -1;
  std::string buffer_;
};

/// `foldlog serve` on free ports of loopback.
struct server_addresses {
  std::string http;   ///< host:port
  std::string admin;  ///< host:port
  std::string log;    ///< as the server says it
};

/// Reads the `ready http=… admin=… log=…` line; fails the benchmark when another or none comes.
server_addresses read_ready_line(child_process& server, const std::string& error_path);

/// A new folder in the folder for temporary data; removed with all in it when destroyed.
class scratch_folder {
 public:
  /// In `parent`, "" = TMPDIR or /tmp: name a disk when /tmp is memory, since a sync there costs nothing.
  explicit scratch_folder(const std::string& parent = "");
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace foldlog::bench
