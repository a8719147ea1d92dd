// Everything that waits in an owner is bounded, in number, bytes and time.
#include <doctest/doctest.h>

#include "owner_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

}  // namespace

TEST_CASE("queues are bounded in count and bytes; what does not fit is overloaded at once") {
  owner_options options;
  options.waiting_commands = 3;
  options.waiting_bytes = 200;
  owner_rig rig(options);
  rig.owner().offer();
  for (int i = 0; i < 4; ++i) rig.deposit("d" + std::to_string(i), 1);
  CHECK_FALSE(rig.find("d2"));
  CHECK(rig.kind("d3") == overloaded);
  owner_rig bytes(options);
  bytes.owner().offer();
  bytes.submit("big", "Deposit", R"({"amount":1,"reference":")" + std::string(180, 'x') + "\"}");
  CHECK(bytes.kind("big") == overloaded);
  bytes.submit("fits", "Deposit", R"({"amount":1,"reference":")" + std::string(150, 'x') + "\"}");
  bytes.submit("no", "Deposit", R"({"amount":1,"reference":")" + std::string(50, 'x') + "\"}");
  CHECK_FALSE(bytes.find("fits"));
  CHECK(bytes.kind("no") == overloaded);
}

TEST_CASE("what is decided and not handed to the log, and what waits for a proof, is bounded too") {
  owner_options options;
  options.pending_records = 4;
  options.in_flight_appends = 1;
  options.waiting_commands = 5;
  owner_rig rig(options);
  rig.serve();
  rig.create("c");
  rig.flush();
  for (int i = 0; i < 10; ++i) rig.deposit("d" + std::to_string(i), 1);
  CHECK(rig.kind("d9") == overloaded);  // 4 decided, 5 wait
  CHECK_FALSE(rig.find("d8"));
  rig.ack();
  rig.ack();
  rig.ack();
  rig.ack();
  CHECK(rig.kind("d8") == applied);

  owner_rig held(options);
  held.serve();
  for (int i = 0; i < 11; ++i) held.deposit("r" + std::to_string(i), 1, "none" + std::to_string(i));
  CHECK(held.kind("r10") == overloaded);  // 5 wait for the proof, 5 wait to be decided
  held.flush();
  held.ack();
  held.pass(5ms);
  held.ack();
  CHECK(held.answers.size() == 11);
}

TEST_CASE("a command that waited too long was certainly not applied; one whose append was not answered is in doubt") {
  owner_rig rig;
  rig.owner().offer();
  rig.create("waits");
  rig.pass(11s);
  CHECK(rig.kind("waits") == not_ready);
  rig.ack();
  rig.feed();
  rig.create("c1");
  rig.flush();
  rig.withdraw("w1", 1000);
  rig.deposit("pending", 1);  // decided, not handed to the log
  rig.pass(11s);
  CHECK(rig.kind("c1") == unknown);
  CHECK(rig.kind("w1") == not_ready);
  CHECK(rig.kind("pending") == unknown);
  rig.pass(1s);
  rig.ack();
  CHECK(rig.count("c1") == 1);  // told once
  while (!rig.appends.empty()) rig.ack();
  rig.create("c1");
  rig.pass(5ms);
  rig.ack();
  CHECK(rig.answers.back().again);  // it was applied all the same
}

TEST_CASE("a retired owner takes nothing new, and ends what is under way") {
  owner_rig rig;
  rig.serve();
  rig.create("c1");
  rig.flush();
  rig.owner().retire();
  rig.deposit("d1", 1);
  CHECK(rig.kind("d1") == not_ready);
  rig.ack();
  CHECK(rig.kind("c1") == applied);
  CHECK(rig.owner().idle());
}

TEST_CASE("a retired owner still learns how an append in doubt ended") {
  owner_rig rig;
  rig.serve();
  rig.create("c1");
  rig.flush();
  rig.owner().retire();
  const auto append = rig.take();
  rig.land(append);
  rig.report(append, append_status::unknown);
  rig.report(rig.take(), append_status::refused);  // its claim
  rig.pass(1s);
  REQUIRE(rig.appends.size() == 1);
  rig.ack();
  rig.feed();
  CHECK(rig.kind("c1") == applied);
}

TEST_CASE("streams in memory are bounded even when every command is refused") {
  owner_options options = exclusive();
  options.hot_bytes = 20'000;
  owner_rig rig(options);
  rig.serve();
  for (int i = 0; i < 1000; ++i) rig.deposit("d", 1, "none" + std::to_string(i));
  rig.pass(100ms);
  CHECK(rig.answers.size() == 1000);
  CHECK(rig.owner().hot_bytes() <= 20'000);
}

}  // namespace foldlog::test
