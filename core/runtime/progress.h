#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/position.h"

namespace foldlog {

enum class fold_state { catching_up, running, halted };
[[nodiscard]] std::string_view name(fold_state state);  ///< `catching-up`, `running`, `halted`

/// How far each view has been folded, per partition: where the read side and the folding side meet. Any thread.
///
/// A fold publishes only what a new snapshot of the store shows, so whoever was told that a position is reached reads
/// it.
class progress {
 public:
  /// Names a view and one of its partitions; given by add(), cheap to use afterwards.
  enum class handle : std::size_t {};

  struct entry {
    std::string domain;
    std::string view;
    topic_partition at;
    offset_t folded = no_offset;   ///< everything up to and with it is in the store
    offset_t end = offset_t{0};    ///< that of the next record in the log, when the fold last looked
    double events_per_second = 0;  ///< lately
    std::int64_t behind_us = 0;  ///< how long the oldest event that is not folded yet has waited, 0 when there is none
    fold_state state = fold_state::catching_up;
    std::string reason;  ///< why it is halted, else empty
  };

  /// From now on the view folds this partition.
  handle add(std::string_view domain, std::string_view view, const topic_partition& at);
  /// Changes what is known of it; wakes those who wait for what is folded now. A view must be published after its
  /// rows are readable.
  void update(handle of, const std::function<void(entry&)>& change);

  [[nodiscard]] bool reached(std::string_view domain, std::string_view view, const token& wanted) const;
  /// Calls `done` once, from any thread (also from within this call), when the view has reached the token. When the
  /// returned object is destroyed first, `done` is not called any more.
  [[nodiscard]] std::shared_ptr<void> wait(std::string_view domain, std::string_view view, token wanted,
                                           std::function<void()> done);
  /// A copy of all entries, in the order in which they were added.
  [[nodiscard]] std::vector<entry> entries() const;

 private:
  struct waiter;
  [[nodiscard]] bool reached_locked(std::string_view domain, std::string_view view, const token& wanted) const;

  mutable std::mutex mutex_;
  std::vector<entry> entries_;
  std::vector<std::weak_ptr<waiter>> waiters_;
};

}  // namespace foldlog
