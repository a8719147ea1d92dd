#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/position.h"
#include "core/log/event_log.h"
#include "core/store/store.h"
#include "projections/partition_fold.h"
#include "projections/view_fold.h"

namespace foldlog {

struct replay_progress {
  std::uint64_t records = 0;  ///< judged so far
  std::uint64_t records_total = 0;
  std::uint64_t events = 0;  ///< of them accepted events (those that are folded)
  double seconds = 0;
  [[nodiscard]] double events_per_second() const { return seconds > 0 ? static_cast<double>(events) / seconds : 0; }
  [[nodiscard]] double fraction() const {
    return records_total == 0 ? 1 : static_cast<double>(records) / static_cast<double>(records_total);
  }
  [[nodiscard]] double seconds_left() const { return fraction() > 0 ? seconds / fraction() - seconds : 0; }
};

struct replay_options {
  unsigned threads = 1;
  /// Fold up to and with these offsets; partitions that it does not name: to their end as it is at the start.
  token to{};
  fold_options fold{.cache_bytes = 512U << 20};
  /// Called about four times a second, from the calling thread, and once at the end.
  std::function<void(const replay_progress&)> on_progress{};
  std::function<bool()> cancelled{};  ///< asked as often
};

struct replayed_view {
  std::string domain;
  std::string view;
  std::uint64_t rows = 0;
  std::string digest;
  token position;
};

struct replay_report {
  std::vector<replayed_view> views;  ///< in the order of the projections
  replay_progress total;             ///< its seconds without the digests
};

/// Folds the whole log from offset zero into an empty store (open it with `bulk_load`): partitions side by side on
/// `threads` threads. Views that gather rows from many partitions add up in the store, so the threads never wait for
/// each other, and the digests do not depend on their number. Errors: invalid (`to` names what the log does not have;
/// the store is not empty), damaged (the log: topic, partition, offset), internal (a projection threw: which, where,
/// why), unavailable, cancelled.
[[nodiscard]] result<replay_report> replay(event_log& log, const projection_list& projections, store& into,
                                           const replay_options& options);

/// The last offset of one view in one partition that is to be folded; `no_offset`: none.
using fold_limit = std::function<offset_t(std::string_view domain, std::string_view view, const topic_partition& at)>;
/// The same with a limit for each view; no digests are made, `to` is not looked at.
[[nodiscard]] result<replay_report> replay_up_to(event_log& log, const projection_list& projections, store& into,
                                                 const replay_options& options, const fold_limit& limit);

}  // namespace foldlog
