#pragma once

#include <functional>
#include <vector>

#include "core/log/event_log.h"

namespace foldlog {

/// Who should own which partition, shared out among the nodes that have joined. Its word is a hint: the claim in the
/// log is the truth (DESIGN section 5). A partition that is taken from one member is given to another only after the
/// first has released it, or is gone.
///
/// All of it is used, and the handlers are called, on the executor that the group was opened with.
class partition_group {
 public:
  struct handlers {
    /// These came; what was there before stays.
    std::function<void(std::vector<partition_id>)> assigned;
    /// These should go to others: answer with release(), soon.
    std::function<void(std::vector<partition_id>)> revoked;
    /// These went without being asked for: this member was silent for too long.
    std::function<void(std::vector<partition_id>)> lost;
  };

  virtual ~partition_group() = default;
  virtual void join(handlers heard) = 0;
  /// Of revoked ones, in any portions.
  virtual void release(partition_id at) = 0;
  /// Everything is revoked; `done` when all of it was released and the others know.
  virtual void leave(std::function<void()> done) = 0;
  /// Without a word to the others. No handler is called afterwards.
  virtual void close() = 0;
};

}  // namespace foldlog
