#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/cluster/membership.h"
#include "core/log/partition_group.h"

namespace foldlog {

/// What a node should do with a partition.
enum class partition_wish : std::uint8_t {
  rest,      ///< nothing
  stand_by,  ///< fold it, to be quick when it is needed
  own,       ///< claim it, and decide
};

/// Whom the group names, and what follows for this node. Until the group has spoken for the first time a node that
/// knows of no other takes everything: the group needs seconds to notice that an earlier run of this node is gone, and
/// a claim too many does no harm.
///
/// Used on the executor of group and membership.
class ownership {
 public:
  struct port {
    std::function<void(partition_id, partition_wish)> wish;
    std::function<void(partition_id)> drop;  ///< it is another's already: end at once
    /// True when the node does not decide for it (any more).
    std::function<bool(partition_id)> rests;
  };

  ownership(partition_group& group, membership& of, std::vector<std::string> topics, std::int32_t partitions,
            std::size_t standby_replicas, port to);

  /// When the membership has joined.
  void start();
  /// The node has changed what it does for the partition.
  void changed(partition_id at);
  /// Gives everything back; `done` when the others may have it.
  void leave(std::function<void()> done);

  [[nodiscard]] partition_wish wish(partition_id at) const;
  [[nodiscard]] std::vector<std::string> standbys(partition_id at) const;
  [[nodiscard]] std::uint64_t hand_overs() const { return hand_overs_; }

 private:
  void review();
  void assigned(const std::vector<partition_id>& these);
  void revoked(const std::vector<partition_id>& these);
  void lost(const std::vector<partition_id>& these);
  [[nodiscard]] std::string owner_of(partition_id at) const;

  partition_group& group_;
  membership& membership_;
  std::vector<std::string> topics_;
  std::int32_t partitions_;
  std::size_t standby_replicas_;
  port port_;
  std::set<partition_id> assigned_;
  std::set<partition_id> leaving_;  ///< revoked, and still ours
  std::map<partition_id, partition_wish> wishes_;
  bool spoken_ = false;  ///< the group has
  bool left_ = false;
  std::uint64_t hand_overs_ = 0;
};

}  // namespace foldlog
