#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/log/event_log.h"

namespace foldlog {

/// What the readers of a log within this process read from. Any thread.
class record_source {
 public:
  /// Reads one partition; one thread at a time.
  class scanner {
   public:
    struct progress {
      offset_t next;      ///< the first offset that was not given
      std::size_t bytes;  ///< of what was given
    };
    virtual ~scanner() = default;
    /// Adds records from `from` on, below `end`, at least one; an error only when it could add none.
    [[nodiscard]] virtual result<progress> scan(offset_t from, offset_t end, const read_limits& limits,
                                                record_batch& into) = 0;
  };

  virtual ~record_source() = default;
  /// Everything below it is there and durable. No waiting.
  [[nodiscard]] virtual offset_t end(partition_id of) const = 0;
  [[nodiscard]] virtual std::unique_ptr<scanner> scan(partition_id of) = 0;
  /// Looks for news, where they do not come by themselves.
  [[nodiscard]] virtual result<void> refresh() { return {}; }
};

class shared_reader_state;

/// All readers of one log, to wake those who wait.
class reader_hub {
 public:
  void add(const std::shared_ptr<shared_reader_state>& reader);
  void remove(const std::shared_ptr<shared_reader_state>& reader);
  /// Some end has risen: calls the ready handlers of the waiting readers that have more now.
  void wake();
  [[nodiscard]] bool anyone_waits() const;
  /// No ready handler is running when this returns (but the one that it was called from), and none will.
  void close();

 private:
  [[nodiscard]] std::vector<std::shared_ptr<shared_reader_state>> waiting() const;

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<shared_reader_state>> readers_;
};

/// A log_reader over a record_source: fair between its partitions.
[[nodiscard]] std::unique_ptr<log_reader> make_shared_reader(std::shared_ptr<record_source> source,
                                                             std::shared_ptr<reader_hub> hub,
                                                             const std::vector<event_log::start>& starts,
                                                             ready_handler ready);

/// The records first ... last. Errors: those of the scanner; damaged when the log ends before.
[[nodiscard]] result<record_batch> read_range(record_source& source, partition_id of, offset_t first, offset_t last);

}  // namespace foldlog
