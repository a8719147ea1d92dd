#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <thread>

#include "core/log/event_log.h"
#include "tools/configuration.h"
#include "tools/domain_set.h"

namespace foldlog {

/// A log opened for reading, with the loop that its handlers run on: for the tools that run beside a server, or without
/// one.
class log_tool {
 public:
  [[nodiscard]] static result<std::unique_ptr<log_tool>> open(const configuration& with,
                                                              std::vector<std::string> topics);
  ~log_tool();
  log_tool(const log_tool&) = delete;
  log_tool& operator=(const log_tool&) = delete;

  [[nodiscard]] event_log& log() { return *log_; }
  /// One past the last record of each partition, as it is now.
  [[nodiscard]] result<token> last_offsets();

 private:
  log_tool();
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<event_log> log_;
  std::thread thread_;
};

/// Prints the reason on stderr; the exit status of an error: 3 for damage, else 1.
[[nodiscard]] int report(const error& why);
/// The same as wrong usage.
[[nodiscard]] int report_usage(std::string_view why);

}  // namespace foldlog
