#include "core/cluster/ownership.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "nodes_rig.h"

namespace foldlog::test {
namespace {

// Every partition is served by exactly one node.
bool shared_out(const nodes_rig& rig) {
  std::map<std::int32_t, int> served;
  for (const auto& node : rig.nodes) {
    for (const auto at : node->busy) ++served[at];
  }
  return served.size() == 8 && std::ranges::all_of(served, [](const auto& each) { return each.second == 1; });
}

TEST_CASE("a node that is alone owns everything") {
  nodes_rig rig;
  auto& a = rig.add("a");
  a.join();
  CHECK(rig.until([&] { return a.owned() == 8; }));
  CHECK(a.owns.standbys({0, 3}).empty());
}

TEST_CASE("partitions are shared out, each to one, and a node that leaves gives its own away") {
  nodes_rig rig;
  for (const auto* name : {"a", "b", "c"}) rig.add(name).join();
  REQUIRE(rig.until([&] {
    return shared_out(rig) && std::ranges::all_of(rig.nodes, [](const auto& node) { return node->owned() >= 2; });
  }));
  bool left = false;
  rig.nodes[0]->owns.leave([&] { left = true; });
  REQUIRE(rig.until([&] { return left && shared_out(rig); }));
  CHECK(rig.nodes[0]->owned() == 0);
  CHECK(rig.nodes[1]->owned() + rig.nodes[2]->owned() == 8);
}

TEST_CASE("the next one gets a partition only after the first has released it") {
  nodes_rig rig;
  auto& a = rig.add("a");
  a.rests_at_once = false;
  a.join();
  REQUIRE(rig.until([&] { return a.owned() == 8; }));
  auto& b = rig.add("b");
  b.join();
  REQUIRE(rig.until([&] { return a.owned() == 4; }));
  rig.loop.restart();
  rig.loop.run_for(std::chrono::milliseconds(100));
  CHECK(b.owned() == 0);  // a still serves them
  const auto served = a.busy;
  for (const auto at : served) {
    if (a.wishes[at] == partition_wish::own) continue;
    a.busy.erase(at);
    a.owns.changed({0, at});
  }
  CHECK(rig.until([&] { return b.owned() == 4 && shared_out(rig); }));
  CHECK(a.owns.hand_overs() == 4);
}

TEST_CASE("what a paused node lost it drops at once") {
  nodes_rig rig;
  auto& a = rig.add("a");
  a.rests_at_once = false;
  a.join();
  REQUIRE(rig.until([&] { return a.owned() == 8; }));
  auto& b = rig.add("b");
  b.join();
  REQUIRE(rig.until([&] { return a.owned() == 4; }));
  a.rests_at_once = true;
  rig.shared->lose_all();
  CHECK(rig.until([&] { return shared_out(rig); }));
}

TEST_CASE("every partition has the standbys that all nodes agree on, and they fold it") {
  nodes_rig rig;
  for (const auto* name : {"a", "b", "c"}) rig.add(name).join();
  REQUIRE(rig.until([&] { return shared_out(rig); }));
  for (auto& node : rig.nodes) {
    for (const auto at : node->busy) node->self = owning(node->self, at, 1);
    node->members.announce_soon();
  }
  const auto folding = [&](std::int32_t at) {
    std::vector<std::string> found;
    for (const auto& node : rig.nodes) {
      const auto wish = node->wishes.find(at);
      if (wish != node->wishes.end() && wish->second == partition_wish::stand_by) found.push_back(node->self.node);
    }
    return found;
  };
  for (std::int32_t at = 0; at < 8; ++at) {
    CHECK(rig.until([&] {
      const auto folds = folding(at);
      return folds.size() == 1 &&
             std::ranges::all_of(rig.nodes, [&](const auto& node) { return node->owns.standbys({0, at}) == folds; });
    }));
  }
}

}  // namespace
}  // namespace foldlog::test
