#include "tools/log_tool.h"

#include <fmt/format.h>

#include <cstdio>

#include "core/log/open_log.h"
#include "tools/exit_status.h"

namespace foldlog {

log_tool::log_tool() : work_(boost::asio::make_work_guard(loop_)) {
  thread_ = std::thread([this] { loop_.run(); });
}

result<std::unique_ptr<log_tool>> log_tool::open(const configuration& with, std::vector<std::string> topics) {
  std::unique_ptr<log_tool> made(new log_tool);
  auto log = open_log({.location = with.log,
                       .data = with.data,
                       .topics = std::move(topics),
                       .partitions = 0,
                       .replicas = 1,
                       .read_only = true,
                       .create = false,
                       .probe = {},
                       .kafka_settings = with.kafka_settings},
                      made->loop_.get_executor());
  if (!log) return std::unexpected(log.error());
  made->log_ = std::move(*log);
  return made;
}

log_tool::~log_tool() {
  if (log_) log_->close();
  loop_.stop();
  thread_.join();
}

result<token> log_tool::last_offsets() {
  token last;
  for (std::uint32_t topic = 0; topic < log_->topics().size(); ++topic) {
    for (std::int32_t partition = 0; partition < log_->partitions(); ++partition) {
      const auto end = log_->query_end_offset({topic, partition});
      if (!end) return std::unexpected(end.error());
      if (*end > offset_t{0}) last.set(log_->topics()[topic], partition, *end - 1);
    }
  }
  return last;
}

int report(const error& why) {
  fmt::print(stderr, "foldlog: {}\n", why.text);
  return why.kind == error_kind::damaged ? exit_status::damage : exit_status::failed;
}

int report_usage(std::string_view why) {
  fmt::print(stderr, "foldlog: {}\n", why);
  return exit_status::wrong_usage;
}

}  // namespace foldlog
