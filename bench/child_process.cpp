#include "bench/child_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "bench/statistics.h"

namespace foldlog::bench {
namespace {

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

[[noreturn]] void become(const std::vector<std::string>& command, int output, const std::string& error_path) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  if (!error_path.empty()) {
    int file = open(error_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file >= 0) dup2(file, STDERR_FILENO);
  }
  std::vector<char*> arguments;
  for (const auto& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

std::string value_of(const std::string& line, const std::string& name) {
  auto at = line.find(name + "=");
  if (at == std::string::npos) return "";
  auto value = line.substr(at + name.size() + 1);
  value = value.substr(0, value.find(' '));
  return value.starts_with("http://") ? value.substr(7) : value;
}

}  // namespace

child_process::child_process(const std::vector<std::string>& command, const std::string& error_path) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("no pipe");
  std::fflush(stdout);
  process_ = fork();
  if (process_ < 0) fail("no fork");
  if (process_ == 0) become(command, ends[1], error_path);
  close(ends[1]);
  output_ = ends[0];
}

child_process::~child_process() {
  stop();
  close(output_);
}

std::string child_process::read_line() {
  for (;;) {
    if (auto end = buffer_.find('\n'); end != std::string::npos) {
      auto line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    char bytes[4096];
    auto count = read(output_, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::exchange(buffer_, "");
    buffer_.append(bytes, static_cast<std::size_t>(count));
  }
}

int child_process::stop() {
  if (process_ < 0) return 0;
  kill(process_, SIGTERM);
  auto start = steady::now();
  int status = 0;
  while (waitpid(process_, &status, WNOHANG) == 0) {
    if (seconds_since(start) > 30) kill(process_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  process_ = -1;
  return exit_code(status);
}

int child_process::wait() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return exit_code(status);
}

server_addresses read_ready_line(child_process& server, const std::string& error_path) {
  auto line = server.read_line();
  server_addresses found{value_of(line, "http"), value_of(line, "admin"), value_of(line, "log")};
  if (!line.starts_with("ready ") || found.http.empty() || found.admin.empty()) {
    std::ifstream file(error_path);
    std::string said{std::istreambuf_iterator<char>(file), {}};
    fail(fmt::format("the server is not ready: '{}'\n{}", line, said));
  }
  return found;
}

scratch_folder::scratch_folder(const std::string& parent) {
  auto base = parent.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(parent);
  path_ = (base / "foldlog-bench-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) fail("no folder in " + base.string());
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace foldlog::bench
