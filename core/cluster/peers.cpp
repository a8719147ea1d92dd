#include "core/cluster/peers.h"

#include <algorithm>
#include <tuple>

#include "core/base/hash.h"

namespace foldlog {

bool peers::hear(announcement says, std::chrono::nanoseconds now) {
  auto& known = live_[says.node];
  auto before = std::move(known.says);
  known = {std::move(says), now};
  before.load = known.says.load;
  if (before == known.says) return false;
  find_owners();
  ++generation_;
  return true;
}

bool peers::remove(std::string_view node) {
  const auto found = live_.find(node);
  if (found == live_.end()) return false;
  live_.erase(found);
  find_owners();
  ++generation_;
  return true;
}

bool peers::expire(std::chrono::nanoseconds now) {
  const auto silent = [&](const auto& each) { return now - each.second.heard >= each.second.says.time_to_live; };
  if (std::erase_if(live_, silent) == 0) return false;
  find_owners();
  ++generation_;
  return true;
}

void peers::find_owners() {
  owners_.clear();
  for (const auto& [name, each] : live_) {
    for (const auto& owned : each.says.owns) {
      auto& partitions = owners_[owned.at.topic];
      if (owned.at.partition < 0 || owned.at.partition >= each.says.partitions) continue;
      const auto at = static_cast<std::size_t>(owned.at.partition);
      if (partitions.size() <= at) partitions.resize(at + 1);
      if (owned.claim > partitions[at].claim) partitions[at] = {name, owned.claim};
    }
  }
}

const announcement* peers::find(std::string_view node) const {
  const auto found = live_.find(node);
  return found == live_.end() ? nullptr : &found->second.says;
}

const announcement* peers::owner_of(std::string_view topic, std::int32_t partition) const {
  const auto found = owners_.find(topic);
  if (found == owners_.end() || static_cast<std::size_t>(partition) >= found->second.size()) return nullptr;
  return find(found->second[static_cast<std::size_t>(partition)].node);
}

std::vector<const announcement*> peers::serving(bool node_roles::* role) const {
  std::vector<const announcement*> found;
  for (const auto& [name, each] : live_) {
    if (each.says.serves.*role) found.push_back(&each.says);
  }
  return found;
}

std::vector<std::string> standby_nodes(const peers& among, const topic_partition& of, std::string_view owner,
                                       std::size_t replicas) {
  std::vector<std::tuple<std::uint64_t, std::string>> ranked;
  sha256 hash;
  for (const auto& [name, each] : among.live()) {
    if (name == owner || !each.says.roles.command ||
        std::ranges::find(each.says.topics, of.topic) == each.says.topics.end())
      continue;
    hash.update(name);
    hash.update("\n" + of.topic + "\n" + std::to_string(of.partition));
    ranked.emplace_back(hash.finish_prefix(), name);
  }
  const auto count = std::min(replicas, ranked.size());
  std::ranges::partial_sort(ranked, ranked.begin() + static_cast<std::ptrdiff_t>(count), std::greater());
  std::vector<std::string> chosen;
  chosen.reserve(count);
  for (std::size_t n = 0; n < count; ++n) chosen.push_back(std::get<1>(ranked[n]));
  return chosen;
}

}  // namespace foldlog
