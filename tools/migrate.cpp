#include "tools/migrate.h"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core/log/open_log.h"
#include "tools/exit_status.h"
#include "tools/log_reading.h"
#include "tools/log_tool.h"

namespace foldlog {
namespace {

constexpr std::size_t under_way_max = 20'000;

// The log that is copied to, with the loop of its handlers.
class copy_target {
 public:
  copy_target() : work_(boost::asio::make_work_guard(loop_)), thread_([this] { loop_.run(); }) {}
  ~copy_target() {
    if (log_) log_->close();
    work_.reset();
    loop_.stop();
    thread_.join();
  }
  copy_target(const copy_target&) = delete;
  copy_target& operator=(const copy_target&) = delete;

  result<void> open(const log_options& options) {
    auto opened = open_log(options, loop_.get_executor());
    if (!opened) return std::unexpected(opened.error());
    log_ = std::move(*opened);
    for (std::uint32_t topic = 0; topic < options.topics.size(); ++topic) {
      for (std::int32_t partition = 0; partition < options.partitions; ++partition) {
        const auto end = log_->query_end_offset({topic, partition});
        if (!end) return std::unexpected(end.error());
        if (*end == offset_t{0}) continue;
        return fail(error_kind::conflict, fmt::format("{}/{} of {} holds {} records: the topics must be empty",
                                                      options.topics[topic], partition, options.location, raw(*end)));
      }
    }
    return {};
  }

  /// False once something went wrong.
  bool copy(partition_id to, const record& one) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return under_way_ < under_way_max || wrong_; });
      if (wrong_) return false;
      ++under_way_;
      ++copied_;
    }
    log_->append(to, {&one, 1},
                 [this, to, wanted = one.offset](const append_result& outcome) { landed(to, wanted, outcome); });
    return true;
  }
  result<std::uint64_t> finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
    if (wrong_) return std::unexpected(*wrong_);
    return copied_;
  }

 private:
  void landed(partition_id to, offset_t wanted, const append_result& outcome) {
    const std::lock_guard lock(mutex_);
    --under_way_;
    if (!wrong_ && (outcome.status != append_status::acknowledged || outcome.first != wanted)) {
      wrong_ = error{
          error_kind::unavailable,
          fmt::format("the record {}/{}@{} was not copied to its place ({}): delete the topics and begin anew",
                      log_->topics()[to.topic], to.partition, raw(wanted),
                      outcome.status == append_status::acknowledged ? fmt::format("it came to {}", raw(outcome.first))
                                                                    : outcome.error.text)};
    }
    changed_.notify_all();
  }

  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
  std::unique_ptr<event_log> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  std::uint64_t copied_ = 0;
  std::optional<error> wrong_;
};

result<std::uint64_t> copy_all(log_tool& from, const log_options& options) {
  copy_target to;
  if (auto opened = to.open(options); !opened) return std::unexpected(opened.error());
  const auto last = from.last_offsets();
  if (!last) return std::unexpected(last.error());
  blocking_read all;
  for (std::uint32_t topic = 0; topic < options.topics.size(); ++topic) {
    for (std::int32_t partition = 0; partition < options.partitions; ++partition) {
      all.starts.push_back({{topic, partition}, offset_t{0}});
    }
  }
  all.last = *last;
  all.visit = [&](partition_id at, const record& one) { return to.copy(at, one); };
  const auto read = read_blocking(from.log(), all);
  auto copied = to.finish();
  if (!read) return std::unexpected(read.error());
  return copied;
}

}  // namespace

int migrate(const configuration& with, const migrate_command& what) {
  constexpr std::string_view embedded = "embedded:";
  if (!what.from.starts_with(embedded) || what.from.size() == embedded.size())
    return report_usage("--from is embedded:DIR");
  if (!what.to.starts_with("kafka:")) return report_usage("--to is kafka:host:port,…");
  auto source = with;
  source.log = "embedded";
  source.data = what.from.substr(embedded.size());
  auto from = log_tool::open(source, {});
  if (!from) return report(from.error());
  const auto topics = (*from)->log().topics();
  const auto partitions = (*from)->log().partitions();
  const auto copied = copy_all(**from, {.location = what.to,
                                        .data = {},
                                        .topics = topics,
                                        .partitions = partitions,
                                        .replicas = with.replicas,
                                        .probe = {},
                                        .kafka_settings = with.kafka_settings});
  if (!copied) return report(copied.error());
  if (what.json)
    fmt::print("{{\"records\":{},\"topics\":{},\"partitions\":{}}}\n", *copied, topics.size(), partitions);
  else
    fmt::print("copied {} records of {} topic(s) with {} partitions\n", *copied, topics.size(), partitions);
  return exit_status::done;
}

}  // namespace foldlog
