#include <doctest/doctest.h>

#include "serving_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

TEST_CASE("a released owner takes nothing new, ends what is under way, and is vacant then") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  rig.owner().release(false);
  CHECK(rig.owner().leaving());
  CHECK(rig.owner().phase() == owner_phase::serving);
  rig.deposit("late", 1);
  CHECK(rig.kind("late") == not_ready);
  rig.ack();
  CHECK(rig.kind("d1") == applied);
  rig.flush();
  CHECK(rig.owner().phase() == owner_phase::vacant);
  CHECK_FALSE(rig.owner().leaving());
  rig.deposit("later", 1);
  CHECK(rig.kind("later") == not_ready);
}

TEST_CASE("a refusal that waits for its proof is still told by a released owner") {
  serving_rig rig;
  rig.withdraw("w1", 100'000);
  rig.owner().release(false);
  CHECK(rig.owner().leaving());
  rig.pass(10ms);
  rig.ack();
  rig.flush();
  CHECK(rig.kind("w1") == refused);
  CHECK(rig.owner().phase() == owner_phase::vacant);
}

TEST_CASE("a released owner that can't tell how its last append ended looks, and then goes") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  rig.owner().release(false);
  const auto append = rig.take();
  rig.land(append);
  rig.report(append, append_status::unknown);
  CHECK(rig.owner().phase() == owner_phase::claiming);
  rig.owner().release(false);  // said again and again, as long as it is meant
  CHECK(rig.owner().phase() == owner_phase::claiming);
  rig.ack();
  rig.owner().release(false);
  rig.feed();
  CHECK(rig.kind("d1") == applied);
  rig.flush();
  CHECK(rig.owner().phase() == owner_phase::vacant);
}

TEST_CASE("an owner that is released at once tells nobody that a command was not applied") {
  serving_rig rig;
  rig.deposit("in flight", 5);
  rig.flush();
  rig.deposit("decided", 1);
  rig.owner().release(true);
  CHECK(rig.owner().phase() == owner_phase::vacant);
  CHECK(rig.kind("in flight") == unknown);
  CHECK(rig.kind("decided") == not_ready);  // it was never handed to the log
  rig.ack();                                // comes late
  CHECK(rig.count("in flight") == 1);
}

TEST_CASE("whoever is offered the partition again claims it anew, and knows what the other did meanwhile") {
  serving_rig rig;
  rig.owner().release(false);
  rig.flush();
  REQUIRE(rig.owner().phase() == owner_phase::vacant);
  const auto claim = rig.put_claim(77);
  rig.put_event({claim, 77}, 0, 2);
  rig.owner().offer();
  rig.claim_and_read();
  rig.deposit("d2", 5);
  rig.flush();
  rig.ack();
  REQUIRE(rig.kind("d2") == applied);
  CHECK(raw(rig.find("d2")->outcome.version) == 3);
}

TEST_CASE("a release between claim and serving leaves the partition to the other") {
  for (const bool reads : {false, true}) {
    owner_rig rig;
    rig.owner().offer();
    rig.create("c1");
    if (reads) rig.ack();
    rig.owner().release(false);
    CHECK(rig.owner().phase() == owner_phase::vacant);
    CHECK(rig.kind("c1") == not_ready);
    CHECK_FALSE(rig.reading.has_value());
    if (!reads) rig.ack();  // the claim that was on its way changes nothing
    CHECK(rig.owner().phase() == owner_phase::vacant);
    rig.serve();
  }
}

TEST_CASE("a deposed owner that is released does not claim again") {
  serving_rig rig;
  rig.put_claim(77);
  rig.deposit("d1", 1);
  rig.flush();
  rig.ack();
  rig.feed();
  REQUIRE(rig.owner().phase() == owner_phase::deposed);
  rig.owner().release(false);
  rig.pass(60s);
  CHECK(rig.owner().phase() == owner_phase::vacant);
  CHECK(rig.appends.empty());
}

TEST_CASE("who stands by folds what the owner writes, and reads only the tail when it takes over") {
  owner_rig rig;
  rig.owner().follow();
  const auto claim = rig.put_claim(77);
  rig.put_event({claim, 77}, 0, 1, "ann", "bank.AccountCreated.v1",
                R"({"owner":"ann","currency":"EUR","overdraft_limit":0})");
  rig.put_event({claim, 77}, 1, 2);
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::following);
  CHECK(raw(rig.owner().place().next) == 3);
  rig.deposit("d1", 5);
  CHECK(rig.kind("d1") == not_ready);
  const auto second = rig.put_claim(78);  // another takes over from the first: no business of this one
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::following);
  rig.owner().offer();
  REQUIRE(rig.owner().phase() == owner_phase::claiming);
  rig.ack();
  CHECK(rig.first_read == next(second));
  rig.feed();
  REQUIRE(rig.owner().phase() == owner_phase::serving);
  rig.deposit("d2", 5);
  rig.flush();
  rig.ack();
  CHECK(raw(rig.find("d2")->outcome.version) == 3);
}

TEST_CASE("who stands by knows the command ids of what it folded") {
  serving_rig first;
  owner_rig second;
  second.log = first.log;
  second.owner().follow();
  second.feed();
  second.owner().offer();
  second.ack();
  second.feed();
  REQUIRE(second.owner().phase() == owner_phase::serving);
  second.create("c1");
  second.pass(10ms);
  second.ack();
  CHECK(second.answers.back().again);
}

TEST_CASE("who stands by no more folds no more, and may stand by again") {
  owner_rig rig;
  rig.owner().follow();
  rig.owner().rest();
  CHECK_FALSE(rig.reading.has_value());
  CHECK(rig.owner().phase() == owner_phase::vacant);
  rig.put_claim(77);
  rig.owner().follow();
  rig.feed();
  CHECK(raw(rig.owner().place().next) == 1);
}

}  // namespace
}  // namespace foldlog::test
