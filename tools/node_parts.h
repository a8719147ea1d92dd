#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "command/owner.h"
#include "core/log/event_log.h"
#include "core/log/log_options.h"
#include "tools/configuration.h"
#include "tools/domain_set.h"
#include "tools/node_metrics.h"

// What a node's parts are made with.
namespace foldlog {

// Small enough to stay in the caches of a core: inserting into 64 MiB costs a third more.
constexpr std::size_t memtable_bytes = 16U << 20;

[[nodiscard]] std::string machine_name();
[[nodiscard]] inline bool has_all_roles(const configuration& with) {
  return with.roles.command && with.roles.query && with.roles.front;
}

[[nodiscard]] log_options log_options_of(const configuration& with, const domain_set& domains, node_metrics& metrics);
/// With as many partitions as are recorded, when nobody asked for a count.
[[nodiscard]] result<std::unique_ptr<event_log>> open_node_log(const configuration& with, const domain_set& domains,
                                                               node_metrics& metrics,
                                                               const boost::asio::any_io_executor& executor);

// Rows of the write model that no rebuild would keep: command ids older than the window, in the log time of their
// partition's store.
class expiry {
 public:
  explicit expiry(std::chrono::seconds window) : window_us_(std::chrono::microseconds(window).count()) {}
  void log_time(std::int64_t time_us) { oldest_ = time_us - window_us_; }
  [[nodiscard]] bool expired(std::string_view value) const {
    const auto time = write_model::remembered_time_us(value);
    return time && *time < oldest_.load(std::memory_order_relaxed);
  }

 private:
  std::int64_t window_us_;
  std::atomic<std::int64_t> oldest_ = std::numeric_limits<std::int64_t>::min();
};

/// `partitions`: of all topics together.
[[nodiscard]] owner_options make_owner_options(const configuration& with, std::size_t partitions);

/// Events against the newest schemas, each type looked up once.
using event_check = std::function<result<void>(std::string_view type, json::element data)>;
[[nodiscard]] event_check make_event_check(const schema_registry& schemas);

}  // namespace foldlog
