#include "core/cluster/membership.h"

#include <doctest/doctest.h>

#include "nodes_rig.h"

namespace foldlog::test {
namespace {

TEST_CASE("nodes know each other, and what changes with them") {
  nodes_rig rig;
  auto& a = rig.add("a");
  auto& b = rig.add("b");
  a.join();
  b.join();
  REQUIRE(rig.until([&] { return a.members.picture().live().size() == 2 && b.members.picture().live().size() == 2; }));
  CHECK_FALSE(a.members.alone());
  b.self = owning(b.self, 3, 7);
  b.members.announce_soon();
  CHECK(rig.until([&] { return a.members.picture().owner_of("bank.account", 3) != nullptr; }));
  b.members.leave();
  CHECK(rig.until([&] { return a.members.alone(); }));
}

TEST_CASE("a node that falls silent is left out; what stood on the board before is nobody's life") {
  nodes_rig rig;
  rig.shared->post("ghost", node_named("ghost").text());
  auto& a = rig.add("a");
  a.join();
  REQUIRE(rig.until([&] { return a.members.joined(); }));
  CHECK(a.members.picture().find("ghost") == nullptr);
  auto brief = node_named("brief");
  brief.time_to_live = std::chrono::milliseconds(50);
  rig.shared->post("brief", brief.text());
  REQUIRE(rig.until([&] { return a.members.picture().find("brief") != nullptr; }));
  CHECK(rig.until([&] { return a.members.picture().find("brief") == nullptr; }));
}

TEST_CASE("everybody answers a newcomer at once") {
  nodes_rig rig;
  auto& a = rig.add("a");
  a.join();
  REQUIRE(rig.until([&] { return a.members.joined(); }));
  auto& b = rig.add("b");
  b.join();
  REQUIRE(rig.until([&] { return b.members.joined(); }));
  CHECK(b.members.picture().find("a") != nullptr);  // when it begins to act it knows it
}

void must_refuse(announcement newcomer, std::string_view why) {
  nodes_rig rig;
  auto& a = rig.add("a");
  a.join();
  REQUIRE(rig.until([&] { return a.members.joined(); }));
  auto& b = rig.add(std::move(newcomer));
  b.join();
  REQUIRE(rig.until([&] { return b.heard.has_value(); }));
  REQUIRE_FALSE(b.heard->has_value());
  CHECK(b.heard->error().kind == error_kind::conflict);
  CHECK_MESSAGE(b.heard->error().text.find(why) != std::string::npos, b.heard->error().text);
  CHECK(rig.until([&] { return a.members.notes_refused() > 0; }));
  CHECK(rig.until([&] { return a.members.picture().live().size() == 1; }));  // the one that was there does not mind
}

TEST_CASE("the name of a living node is taken") {
  auto twin = node_named("a");
  twin.instance = "another";
  must_refuse(twin, "has the name a already");
}

TEST_CASE("the name of a living node is taken, also when that has just announced itself") {
  nodes_rig rig;
  rig.timing.interval = std::chrono::milliseconds(600);  // it will not do so again while the newcomer listens
  auto& a = rig.add("a");
  auto& witness = rig.add("witness");
  a.join();
  witness.join();
  REQUIRE(rig.until([&] { return a.members.joined() && witness.members.joined(); }));
  a.self = owning(a.self, 3, 7);
  a.members.announce_soon();
  REQUIRE(rig.until([&] { return witness.members.picture().owner_of("bank.account", 3) != nullptr; }));
  auto twin = node_named("a");
  twin.instance = "another";
  auto& b = rig.add(twin);
  b.join();
  REQUIRE(rig.until([&] { return b.heard.has_value(); }));
  CHECK_FALSE(b.heard->has_value());
}

TEST_CASE("strangers that are in already are answered once each, however they take turns") {
  nodes_rig rig;
  rig.timing.interval = std::chrono::seconds(100);
  auto& a = rig.add("a");
  a.join();
  REQUIRE(rig.until([&] { return a.members.joined(); }));
  int notes = 0;
  const auto board = rig.shared->open_board();
  board->read([&](std::string_view key, std::string_view text) {
    const auto said = announcement::parse(key, text);
    if (said && said->instance == a.self.instance) ++notes;
  });
  const int before = notes;
  for (std::uint64_t turn = 0; turn < 20; ++turn) {
    auto twin = node_named("a");
    twin.instance = turn % 2 == 0 ? "another" : "a third";
    rig.shared->post("a", twin.text());
    REQUIRE(rig.until([&] { return a.members.notes_refused() == turn + 1; }));
    rig.loop.restart();
    rig.loop.run_for(std::chrono::milliseconds(10));
  }
  CHECK(notes - before >= 1);
  CHECK(notes - before <= 3);  // the one that stood there before may be heard late
}

TEST_CASE("a second cluster on the same topics does not begin") {
  auto stranger = node_named("b");
  stranger.cluster = "other";
  must_refuse(stranger, "the cluster 'main'");
}

TEST_CASE("a node that counts other partitions does not begin") {
  auto other = node_named("b");
  other.partitions = 16;
  must_refuse(other, "8 partitions");
}

TEST_CASE("a second cluster on other topics is no business of this one") {
  nodes_rig rig;
  auto& a = rig.add("a");
  auto other = node_named("b");
  other.cluster = "other";
  other.topics = {"shop.order"};
  a.join();
  auto& b = rig.add(other);
  b.join();
  REQUIRE(rig.until([&] { return a.members.joined() && b.members.joined(); }));
  CHECK(a.members.alone());
  CHECK(b.members.alone());
}

TEST_CASE("a node of another version keeps a newcomer out, and does not disturb those that are in") {
  nodes_rig rig;
  auto& a = rig.add("a");
  a.join();
  REQUIRE(rig.until([&] { return a.members.joined(); }));
  auto& b = rig.add("b");
  b.join();
  const auto shout = [&] {
    rig.shared->post("future", "foldlog-node: 2\n");
    return b.heard.has_value();
  };
  REQUIRE(rig.until(shout));
  REQUIRE_FALSE(b.heard->has_value());
  CHECK(b.heard->error().text.find("speaks format 2") != std::string::npos);
  CHECK(a.members.notes_refused() > 0);
  CHECK(rig.until([&] { return a.members.picture().live().size() == 1; }));
}

}  // namespace
}  // namespace foldlog::test
