#include "core/cluster/peers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "announcements.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the latest claim names the owner, whoever speaks last") {
  peers picture;
  picture.hear(owning(node_named("a"), 3, 10), 0s);
  picture.hear(owning(node_named("b"), 3, 20), 0s);
  picture.hear(owning(node_named("a"), 3, 10), 1s);  // was paused, and does not know yet
  REQUIRE(picture.owner_of("bank.account", 3) != nullptr);
  CHECK(picture.owner_of("bank.account", 3)->node == "b");
  CHECK(picture.owner_of("bank.account", 4) == nullptr);
  CHECK(picture.owner_of("bank.account", 99) == nullptr);
  CHECK(picture.owner_of("shop.order", 3) == nullptr);
  picture.hear(node_named("b"), 2s);  // handed over
  CHECK(picture.owner_of("bank.account", 3)->node == "a");
}

TEST_CASE("a node that is silent for its time-to-live is left out, and owns nothing") {
  peers picture;
  picture.hear(owning(node_named("a"), 3, 10), 0s);
  picture.hear(node_named("b"), 2s);
  CHECK_FALSE(picture.expire(2999ms));
  CHECK(picture.expire(3s));
  CHECK(picture.live().size() == 1);
  CHECK(picture.owner_of("bank.account", 3) == nullptr);
  CHECK(picture.remove("b"));
  CHECK_FALSE(picture.remove("b"));
}

TEST_CASE("only what others act on is a change") {
  peers picture;
  CHECK(picture.hear(node_named("a"), 0s));
  auto busier = node_named("a");
  busier.load = 7;
  CHECK_FALSE(picture.hear(busier, 1s));
  CHECK(picture.live().begin()->second.says.load == 7);
  auto unready = busier;
  unready.serves = {};
  CHECK(picture.hear(unready, 2s));
  CHECK(picture.serving(&node_roles::query).empty());
}

std::map<std::int32_t, std::vector<std::string>> all_standbys(const peers& picture, std::size_t replicas) {
  std::map<std::int32_t, std::vector<std::string>> all;
  for (std::int32_t partition = 0; partition < 64; ++partition)
    all[partition] = standby_nodes(picture, {"bank.account", partition}, "owner", replicas);
  return all;
}

TEST_CASE("standbys are spread over the command nodes, never the owner, and one that goes moves only its own share") {
  peers picture;
  for (const auto* name : {"owner", "a", "b", "c", "d"}) picture.hear(node_named(name), 0s);
  picture.hear(node_named("reader", "query"), 0s);
  const auto before = all_standbys(picture, 2);
  std::map<std::string, int> load;
  for (const auto& [partition, nodes] : before) {
    REQUIRE(nodes.size() == 2);
    CHECK(nodes[0] != nodes[1]);
    for (const auto& node : nodes) ++load[node];
  }
  CHECK(load.size() == 4);  // a, b, c, d
  for (const auto& [node, count] : load) CHECK_MESSAGE((count > 16 && count < 48), node << " has " << count);
  picture.remove("d");
  for (const auto& [partition, nodes] : all_standbys(picture, 2)) {
    if (std::ranges::count(before.at(partition), "d") == 0) CHECK(nodes == before.at(partition));
  }
}

TEST_CASE("with fewer nodes than replicas all others stand by") {
  peers picture;
  picture.hear(node_named("owner"), 0s);
  picture.hear(node_named("a"), 0s);
  CHECK(standby_nodes(picture, {"bank.account", 0}, "owner", 3) == std::vector<std::string>{"a"});
  CHECK(standby_nodes(picture, {"bank.account", 0}, "owner", 0).empty());
  CHECK(standby_nodes(picture, {"shop.order", 0}, "owner", 3).empty());  // nobody has that topic
}

}  // namespace
}  // namespace foldlog::test
