// An odd acknowledgement, and one that never comes: what the owner believes then.
#include <doctest/doctest.h>

#include "serving_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

}  // namespace

TEST_CASE("a higher offset: the owner reads on, and serves again once its arbiter has counted the records") {
  serving_rig rig;
  rig.put_event({offset_t{99}, 1}, 0, 5);  // void
  rig.deposit("d1", 5);
  rig.flush();
  rig.ack();
  CHECK_FALSE(rig.find("d1"));
  CHECK(rig.owner().phase() == owner_phase::checking);
  rig.deposit("d2", 1);
  rig.feed();
  CHECK(rig.phases() == "checking serving");
  REQUIRE(rig.kind("d1") == applied);
  CHECK(rig.find("d1")->outcome.last_event == offset_t{3});
  rig.ack();
  CHECK(rig.kind("d2") == applied);
  CHECK(rig.find("d2")->outcome.last_event == offset_t{4});
}

TEST_CASE("a report at the right place that is not consecutive is checked too") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  const auto append = rig.take();
  rig.report(append, append_status::acknowledged, rig.land(append), false);
  CHECK_FALSE(rig.find("d1"));
  rig.feed();
  CHECK(rig.kind("d1") == applied);
  CHECK(rig.phases() == "checking serving");
}

TEST_CASE(
    "an odd acknowledgement with more appends under way: all are checked, and what was decided meanwhile goes on") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  rig.deposit("d2", 5);
  rig.flush();
  rig.deposit("d3", 5);  // decided, not handed to the log
  rig.put_event({offset_t{99}, 1}, 0, 5);
  const auto first = rig.take();
  const auto second = rig.take();
  rig.report(first, append_status::acknowledged, rig.land(first));
  rig.feed();
  CHECK(rig.kind("d1") == applied);
  CHECK(rig.owner().phase() == owner_phase::checking);
  const auto at = rig.land(second);
  rig.feed();
  rig.report(second, append_status::acknowledged, at);
  CHECK(rig.kind("d2") == applied);
  CHECK(rig.owner().phase() == owner_phase::serving);
  rig.ack();
  CHECK(rig.kind("d3") == applied);
  CHECK(rig.find("d3")->outcome.version == version_t{4});
}

TEST_CASE("read past the reported offset and not counted: a new claim, and the command is decided again") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  const auto append = rig.take();
  rig.put_event({offset_t{99}, 1}, 0, 5);
  rig.put_event({offset_t{99}, 1}, 1, 6);
  rig.report(append, append_status::acknowledged, offset_t{3});  // it says so, but it is not there
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::claiming);
  rig.claim_and_read();
  rig.ack();
  CHECK(rig.kind("d1") == applied);
  CHECK(rig.find("d1")->outcome.version == version_t{2});
}

TEST_CASE("an odd acknowledgement that leads nowhere ends with a new claim after a while") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  rig.report(rig.take(), append_status::acknowledged, offset_t{50});
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::checking);
  rig.pass(5s);
  rig.claim_and_read();
  rig.ack();
  CHECK(rig.kind("d1") == applied);
}

TEST_CASE("a lower, missing, refused or unknown report: a new claim, and each command is applied exactly once") {
  struct way {
    append_status status;
    std::int64_t offset;
    bool landed;
  };
  for (const auto& how : {way{append_status::acknowledged, 0, true}, way{append_status::acknowledged, -1, true},
                          way{append_status::refused, -1, false}, way{append_status::unknown, -1, true},
                          way{append_status::unknown, -1, false}, way{append_status::acknowledged, -1, false}}) {
    CAPTURE(static_cast<int>(how.status));
    CAPTURE(how.landed);
    serving_rig rig;
    rig.deposit("d1", 5);
    rig.withdraw("w1", 30);
    rig.flush();
    rig.deposit("d2", 7);
    const auto append = rig.take();
    if (how.landed) rig.land(append);
    rig.report(append, how.status, offset_t{how.offset}, how.offset == 0);
    CHECK_FALSE(rig.find("d1"));
    CHECK(rig.phases() == "claiming");
    rig.claim_and_read();
    CHECK((rig.find("d1") != nullptr) == how.landed);
    rig.ack();
    REQUIRE(rig.kind("d1") == applied);
    REQUIRE(rig.kind("w1") == applied);
    REQUIRE(rig.kind("d2") == applied);
    CHECK(rig.find("d1")->outcome.last_event == offset_t{how.landed ? 2 : 3});
    CHECK(rig.find("w1")->outcome.version == version_t{4});
    CHECK(rig.find("w1")->outcome.events.size() == 2);
    CHECK(rig.find("d2")->outcome.version == version_t{5});
    CHECK(rig.answers.size() == 4);
  }
}

TEST_CASE("of an append in doubt only the commits that landed whole are applied; the others are decided again") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.withdraw("w1", 30);
  rig.deposit("d2", 1);
  rig.flush();
  const auto append = rig.take();
  rig.put(append.records[0]);
  rig.put(append.records[1]);  // w1 has two events: one of them is missing
  rig.report(append, append_status::unknown);
  rig.claim_and_read();
  CHECK(rig.kind("d1") == applied);
  CHECK(rig.find("d1")->outcome.last_event == offset_t{2});
  CHECK_FALSE(rig.find("w1"));
  rig.ack();
  CHECK(rig.find("w1")->outcome.version == version_t{4});
  CHECK(rig.find("w1")->outcome.events[0].data == R"({"amount":30,"balance":-25})");
  CHECK(rig.find("d2")->outcome.version == version_t{5});
}

TEST_CASE("an append in doubt that lands behind the new claim is void, whatever its sequence") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  const auto append = rig.take();
  rig.report(append, append_status::unknown);
  rig.claim_and_read();
  rig.land(append);  // late
  rig.ack();         // d1 again, at a higher offset
  rig.feed();
  REQUIRE(rig.kind("d1") == applied);
  CHECK(rig.find("d1")->outcome.version == version_t{2});
  CHECK(rig.find("d1")->outcome.last_event == offset_t{4});
}

TEST_CASE("a stranger's record in the owner's sequence is damage, not its command's outcome") {
  using change = void (*)(record&);
  const std::pair<std::string, change> strangers[] = {
      {"another command's", [](record& of) { of.command_id = "theirs"; }},
      {"of another stream", [](record& of) { of.key = "bob"; }},
      {"of another version", [](record& of) { of.version = of.version + 1; }},
      {"of another kind", [](record& of) { of.kind = record_kind::proof; }},
      {"of another length", [](record& of) { of.commit_count = 2; }},
  };
  for (const auto& [what, make_strange] : strangers) {
    CAPTURE(what);
    serving_rig rig;
    rig.deposit("d1", 5);
    rig.flush();
    const auto append = rig.take();
    auto stranger = append.records[0];
    make_strange(stranger);
    const auto at = rig.put(stranger);
    if (stranger.commit_count == 2) {
      stranger.commit_index = 1;
      stranger.epoch_sequence += 1;
      rig.put(stranger);
    }
    rig.report(append, append_status::acknowledged, rig.land(append));
    rig.feed();
    CHECK(rig.owner().phase() == owner_phase::halted);
    CHECK(rig.owner().reason().find("the record at offset " + std::to_string(raw(at))) == 0);
    CHECK(rig.kind("d1") == unknown);
  }
}

TEST_CASE("a stranger's record in the place of the owner's proof is damage: what waits for the proof is not told") {
  serving_rig rig;
  rig.withdraw("w1", 100'000);
  rig.pass(10ms);
  const auto proof = rig.take();
  REQUIRE(proof.records[0].kind == record_kind::proof);
  rig.put_event(proof.records[0].epoch, proof.records[0].epoch_sequence, 2);
  rig.report(proof, append_status::acknowledged, rig.land(proof));
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::halted);
  CHECK(rig.kind("w1") == not_ready);
}

}  // namespace foldlog::test
