#include "core/cluster/ownership.h"

#include <algorithm>

#include "core/runtime/logging.h"

namespace foldlog {

ownership::ownership(partition_group& group, membership& of, std::vector<std::string> topics, std::int32_t partitions,
                     std::size_t standby_replicas, port to)
    : group_(group),
      membership_(of),
      topics_(std::move(topics)),
      partitions_(partitions),
      standby_replicas_(standby_replicas),
      port_(std::move(to)) {}

void ownership::start() {
  group_.join({.assigned = [this](const std::vector<partition_id>& these) { assigned(these); },
               .revoked = [this](const std::vector<partition_id>& these) { revoked(these); },
               .lost = [this](const std::vector<partition_id>& these) { lost(these); }});
  membership_.on_change([this] { review(); });
  review();
}

void ownership::assigned(const std::vector<partition_id>& these) {
  if (left_) return;
  spoken_ = true;
  assigned_.insert(these.begin(), these.end());
  log(log_level::info, "the group gave partitions", {{"count", static_cast<std::int64_t>(these.size())}});
  review();
}

void ownership::revoked(const std::vector<partition_id>& these) {
  for (const auto& at : these) {
    assigned_.erase(at);
    leaving_.insert(at);
    ++hand_overs_;
  }
  log(log_level::info, "the group takes partitions back", {{"count", static_cast<std::int64_t>(these.size())}});
  review();
  for (const auto& at : these) changed(at);
}

void ownership::lost(const std::vector<partition_id>& these) {
  for (const auto& at : these) {
    assigned_.erase(at);
    leaving_.erase(at);
  }
  log(log_level::warning, "this node was silent for too long: others have its partitions",
      {{"count", static_cast<std::int64_t>(these.size())}});
  for (const auto& at : these) port_.drop(at);
  review();
}

void ownership::changed(partition_id at) {
  if (!leaving_.contains(at) || !port_.rests(at)) return;
  leaving_.erase(at);
  group_.release(at);
}

void ownership::leave(std::function<void()> done) {
  left_ = true;
  assigned_.clear();
  review();
  group_.leave(std::move(done));
}

std::string ownership::owner_of(partition_id at) const {
  if (assigned_.contains(at)) return membership_.self().node;
  const auto* owner = membership_.picture().owner_of(topics_[at.topic], at.partition);
  return owner == nullptr ? std::string() : owner->node;
}

std::vector<std::string> ownership::standbys(partition_id at) const {
  return standby_nodes(membership_.picture(), {topics_[at.topic], at.partition}, owner_of(at), standby_replicas_);
}

void ownership::review() {
  const bool all = !spoken_ && !left_ && membership_.alone();
  for (std::uint32_t topic = 0; topic < topics_.size(); ++topic) {
    for (std::int32_t partition = 0; partition < partitions_; ++partition) {
      const partition_id at{topic, partition};
      auto wanted = partition_wish::rest;
      if (all || assigned_.contains(at)) {
        wanted = partition_wish::own;
      } else if (const auto standing = standbys(at);
                 !left_ && std::ranges::count(standing, membership_.self().node) > 0) {
        wanted = partition_wish::stand_by;
      }
      auto& wish = wishes_[at];
      if (wish == wanted) continue;
      wish = wanted;
      port_.wish(at, wanted);
    }
  }
}

partition_wish ownership::wish(partition_id at) const {
  const auto found = wishes_.find(at);
  return found == wishes_.end() ? partition_wish::rest : found->second;
}

}  // namespace foldlog
