#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/log/event_log.h"
#include "core/runtime/progress.h"
#include "core/store/store.h"
#include "projections/partition_fold.h"

namespace foldlog {

struct runner_options {
  fold_options fold{};
  std::vector<partition_id> partitions{};  ///< which are folded; none = all of the log
};

/// How the folding goes on the whole; what a single view does, and why it is halted, stands in progress.
struct runner_health {
  bool working = true;
  std::string reason;  ///< when not: what the log or the store answered last; it is tried again
};

/// Folds the log into all views of a store, one batch after the other: rows, index entries, checkpoints, marks and the
/// stream table change together, so that a crash at any moment costs a repetition and nothing else.
///
///     read what has come -> arbiter -> accepted commits -> rows in memory -> one batch -> progress
///
/// It begins at the smallest checkpoint of each partition; views that are further skip what they have folded. A view
/// whose projection throws, that meets damage, or whose checkpoint does not fit the log is halted in that partition,
/// its reason stands in progress; all others go on. One thread at a time, except health().
class runner {
 public:
  /// All references must outlive it.
  runner(event_log& log, store& into, projection_list projections, foldlog::progress& progress, const clock& time,
         runner_options options = {});
  ~runner();
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;

  /// Called from any thread, perhaps spuriously, when there is more to fold after a step that was `caught_up`. Set it
  /// before the first step.
  void on_ready(std::function<void()> ready) { ready_ = std::move(ready); }

  struct step {
    std::size_t records = 0;  ///< read and judged
    bool caught_up = false;   ///< the log had no more at that moment
  };
  /// Folds what has come: up to about 40 ms of work, half a second when far behind. Errors of the log or the store:
  /// call it again later, nothing is lost or doubled.
  [[nodiscard]] result<step> fold_some();
  /// Tells progress how the log has grown, without folding.
  void publish();

  [[nodiscard]] runner_health health() const;

 private:
  struct entry;
  [[nodiscard]] result<step> try_fold();
  [[nodiscard]] result<void> open();
  void open_reader();
  [[nodiscard]] result<void> read_all(step& done);
  [[nodiscard]] result<void> take_batch();
  [[nodiscard]] result<void> isolate_damage(const error& met);
  [[nodiscard]] result<void> write();
  void give_up();
  void rest_idle_partitions();
  void publish(entry& each, double seconds);
  [[nodiscard]] std::int64_t records_behind() const;
  [[nodiscard]] partition_fold* find(std::uint32_t topic, std::int32_t partition);

  event_log& log_;
  store& store_;
  projection_list projections_;
  foldlog::progress& progress_;
  const clock& clock_;
  runner_options options_;
  std::function<void()> ready_;

  std::vector<std::unique_ptr<entry>> entries_;
  std::vector<entry*> by_place_;  ///< topic * partitions + partition
  bool open_ = false;
  bool unwritten_ = false;  ///< the batch is complete and waits for the store
  std::unique_ptr<log_reader> reader_;
  record_batch records_;
  std::unique_ptr<store_batch> batch_;
  std::chrono::nanoseconds published_at_{};

  mutable std::mutex health_mutex_;
  runner_health health_;
};

}  // namespace foldlog
