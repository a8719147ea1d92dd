#pragma once

#include <optional>
#include <vector>

#include "core/cluster/ownership.h"
#include "test/simulation/world.h"

namespace foldlog::test {

class cluster;

/// Says who should own which partition, as the consumer group does, where the nodes of a run share them out: hands them
/// over as planned (the next node is named once the last one rests), or takes them from a node without asking, and lets
/// others stand by. Its word comes late; to a paused node, when it wakes.
class sim_group {
 public:
  sim_group(world& in, cluster& nodes);

  // What nodes do.
  void started(std::size_t slot);
  void died(std::size_t slot);
  void changed(std::size_t slot, std::int32_t partition);

  /// Something happens to some partition now.
  void disturb();
  /// All of them, as planned.
  void give_all_to(std::size_t slot);
  /// Everybody was told, and does what it was told.
  [[nodiscard]] bool settled() const;

 private:
  struct share {
    std::size_t holder = 0;
    std::optional<std::size_t> next;  ///< when the holder rests
    std::vector<bool> stands_by;      ///< by node
  };
  [[nodiscard]] partition_wish wish(std::size_t slot, std::int32_t partition) const;
  [[nodiscard]] share& of(std::int32_t partition) { return shares_[static_cast<std::size_t>(partition)]; }
  void hand_over(std::int32_t partition, std::size_t to);
  void take(std::int32_t partition, std::size_t to);
  void tell(std::size_t slot, std::int32_t partition, std::chrono::nanoseconds after, bool lost = false);
  void hear(std::size_t slot, std::int32_t partition, bool lost);

  world& in_;
  cluster& nodes_;
  std::vector<share> shares_;
};

}  // namespace foldlog::test
