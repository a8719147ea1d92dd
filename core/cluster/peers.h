#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster/announcement.h"

namespace foldlog {

/// The live picture of the nodes of one cluster, this one among them: made of what they announce. Pure; time on the
/// monotonic clock is handed in.
class peers {
 public:
  struct peer {
    announcement says;
    std::chrono::nanoseconds heard{};
  };

  /// True when it changed something besides the load and the time.
  bool hear(announcement says, std::chrono::nanoseconds now);
  bool remove(std::string_view node);
  /// Leaves out who was silent for its time-to-live.
  bool expire(std::chrono::nanoseconds now);

  [[nodiscard]] const std::map<std::string, peer, std::less<>>& live() const { return live_; }
  [[nodiscard]] const announcement* find(std::string_view node) const;
  /// The node that announced the latest claim of the partition; none when it is not among the living.
  [[nodiscard]] const announcement* owner_of(std::string_view topic, std::int32_t partition) const;
  /// Those that are ready for the role, by name.
  [[nodiscard]] std::vector<const announcement*> serving(bool node_roles::* role) const;
  /// Changes with every change.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  void find_owners();

  std::map<std::string, peer, std::less<>> live_;
  struct owner {
    std::string node;
    offset_t claim = no_offset;
  };
  std::map<std::string, std::vector<owner>, std::less<>> owners_;  ///< by topic, then partition
  std::uint64_t generation_ = 0;
};

/// The `replicas` nodes that stand by for a partition: those with the highest hash of node and partition (rendezvous
/// hashing), so that every node knows without asking, and one that comes or goes moves only its own share.
[[nodiscard]] std::vector<std::string> standby_nodes(const peers& among, const topic_partition& of,
                                                     std::string_view owner, std::size_t replicas);

}  // namespace foldlog
