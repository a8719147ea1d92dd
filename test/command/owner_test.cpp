// The owner while it serves: deciding, appending, answering (DESIGN sections 5 and 6).
#include <doctest/doctest.h>

#include "notebook.h"
#include "owner_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

}  // namespace

TEST_CASE("an owner does nothing until the partition is offered, then it claims and reads up to its claim") {
  owner_rig rig;
  rig.create("c0");
  CHECK(rig.kind("c0") == not_ready);
  CHECK(rig.appends.empty());
  rig.owner().offer();
  REQUIRE(rig.appends.size() == 1);
  const auto claim = rig.take();
  REQUIRE(claim.records.size() == 1);
  CHECK(claim.records[0].kind == record_kind::claim);
  CHECK(claim.records[0].type == claim_type);
  CHECK(claim.records[0].key.empty());
  rig.create("c1");  // waits
  CHECK_FALSE(rig.find("c1"));
  rig.report(claim, append_status::acknowledged, rig.land(claim));
  CHECK(rig.owner().phase() == owner_phase::reading);
  CHECK_FALSE(rig.find("c1"));
  rig.feed();
  CHECK(rig.phases() == "claiming reading serving");
  rig.ack();
  CHECK(rig.kind("c1") == applied);
}

TEST_CASE("no answer leaves before its append is certain") {
  owner_rig rig;
  rig.serve();
  rig.create("c1");
  rig.flush();
  CHECK(rig.answers.empty());
  rig.ack();
  REQUIRE(rig.find("c1"));
  const auto& outcome = rig.find("c1")->outcome;
  CHECK(outcome.kind == applied);
  CHECK(outcome.version == version_t{1});
  REQUIRE(outcome.events.size() == 1);
  CHECK(outcome.events[0].type == "bank.AccountCreated.v1");
  CHECK(outcome.events[0].data == R"({"owner":"ann","currency":"EUR","overdraft_limit":100})");
  CHECK(outcome.events[0].offset == offset_t{1});
  CHECK(outcome.last_event == offset_t{1});
}

TEST_CASE("records carry the epoch, its sequence, the commit, the version and the command") {
  owner_rig rig;
  rig.serve();
  rig.create("c1");
  rig.withdraw("c2", 30);
  rig.flush();
  const auto append = rig.take();
  REQUIRE(append.records.size() == 3);
  for (std::uint64_t i = 0; i < 3; ++i) {
    CHECK(append.records[i].epoch == rig.owner().epoch());
    CHECK(append.records[i].epoch_sequence == i);
    CHECK(append.records[i].version == version_t{i + 1});
    CHECK(append.records[i].key == "ann");
  }
  CHECK(append.records[0].commit_count == 1);
  CHECK(append.records[1].commit_index == 0);
  CHECK(append.records[2].commit_index == 1);
  CHECK(append.records[2].commit_count == 2);
  CHECK(append.records[1].time == append.records[2].time);
  CHECK(append.records[2].command_id == "c2");
  CHECK(append.records[2].correlation_id == "c2");
  CHECK(append.records[2].type == "bank.OverdraftStarted.v1");
}

TEST_CASE("commands that arrive while appends are under way go into one next append, decided on the newest state") {
  owner_options options;
  options.in_flight_appends = 1;
  owner_rig rig(options);
  rig.serve();
  rig.create("c1");
  rig.flush();
  for (int i = 0; i < 50; ++i) rig.deposit("d" + std::to_string(i), 1);
  rig.flush();
  CHECK(rig.appends.size() == 1);  // no more than one under way
  rig.ack();
  REQUIRE(rig.appends.size() == 1);
  CHECK(rig.appends[0].records.size() == 50);
  CHECK(rig.answers.size() == 1);
  rig.ack();
  CHECK(rig.answers.size() == 51);
  CHECK(rig.find("d49")->outcome.version == version_t{51});
  CHECK(rig.find("d49")->outcome.events[0].data == R"({"amount":1,"balance":50})");
}

TEST_CASE("appends are pipelined up to the limit, and end in their order") {
  owner_options options;
  options.in_flight_appends = 3;
  owner_rig rig(options);
  rig.serve();
  rig.create("c0");
  for (int i = 1; i < 6; ++i) {
    rig.flush();
    rig.deposit("c" + std::to_string(i), 1);
  }
  rig.flush();
  REQUIRE(rig.appends.size() == 3);
  const auto first = rig.take();
  const auto second = rig.take();
  const auto at = rig.land(first);
  const auto then = rig.land(second);
  rig.report(second, append_status::acknowledged, then);
  CHECK(rig.answers.empty());  // its predecessor is not certain yet
  rig.report(first, append_status::acknowledged, at);
  CHECK(rig.answers.size() == 2);
  CHECK(rig.appends.size() == 2);
  CHECK(rig.appends.back().records.size() == 3);  // what gathered behind the limit
}

TEST_CASE("an append takes no more than its bytes, and a large commit goes by itself") {
  owner_options options;
  options.append_bytes = 2000;
  owner_rig rig(options);
  rig.serve();
  rig.create("c0");
  for (int i = 0; i < 20; ++i) rig.deposit("d" + std::to_string(i), 1);
  rig.flush();
  CHECK(rig.appends.size() > 2);
  std::size_t records = 0;
  while (!rig.appends.empty()) {
    records += rig.appends.front().records.size();
    rig.ack();
  }
  CHECK(records == 21);
  CHECK(rig.answers.size() == 21);
}

TEST_CASE(
    "an append that is too large is tried commit by commit, and the one that can't fit is told so without end of "
    "service") {
  owner_rig rig;
  rig.serve();
  rig.create("c0");
  rig.deposit("big", 1);
  rig.deposit("d", 2);
  rig.flush();
  const auto all = rig.take();
  CHECK(all.records.size() == 3);
  rig.report(all, append_status::refused, no_offset, false, error_kind::too_large);
  rig.ack();  // the new claim
  rig.feed();
  REQUIRE(rig.appends.size() == 3);
  rig.ack();
  CHECK(rig.kind("c0") == applied);
  const auto big = rig.take();
  rig.report(big, append_status::refused, no_offset, false, error_kind::too_large);
  CHECK(rig.kind("big") == internal);
  while (rig.owner().phase() != owner_phase::serving || !rig.appends.empty()) {
    if (!rig.appends.empty()) rig.ack();
    rig.feed();
  }
  CHECK(rig.kind("d") == applied);
  CHECK(rig.find("d")->outcome.version == version_t{2});
  CHECK(rig.count("big") == 1);
}

TEST_CASE("on an exclusive log a refusal leaves at once when nothing is under way, else when that is certain") {
  owner_rig rig(exclusive());
  rig.serve();
  rig.deposit("d1", 1);
  CHECK(rig.kind("d1") == refused);
  CHECK(rig.find("d1")->outcome.refusal.code == "no-such-account");
  CHECK(rig.find("d1")->outcome.version == version_t{0});
  rig.create("c1");
  rig.withdraw("w1", 1000);
  CHECK_FALSE(rig.find("w1"));
  rig.flush();
  CHECK_FALSE(rig.find("w1"));
  rig.ack();
  CHECK(rig.kind("w1") == refused);
  CHECK(rig.find("w1")->outcome.version == version_t{1});
  CHECK(rig.find("w1")->outcome.refusal.members == R"(,"balance":0,"available":100)");
  CHECK(rig.owner().counters().proofs == 0);
}

TEST_CASE("on a shared log every answer about the newest state waits for a record issued after the decision") {
  owner_rig rig;
  rig.serve();
  rig.create("c1");
  rig.flush();
  rig.ack();
  rig.withdraw("refused", 1000);
  rig.submit("mismatch", "Deposit", R"({"amount":1})", "ann", 7);
  rig.create("c1");                                // a repeat
  rig.submit("c1", "Deposit", R"({"amount":1})");  // the id means something else
  CHECK(rig.answers.size() == 1);
  rig.flush();
  REQUIRE(rig.appends.size() == 1);
  REQUIRE(rig.appends[0].records.size() == 1);
  CHECK(rig.appends[0].records[0].kind == record_kind::proof);
  CHECK(rig.appends[0].records[0].type == proof_type);
  CHECK(rig.appends[0].records[0].epoch_sequence == 1);
  CHECK(rig.appends[0].records[0].key.empty());
  CHECK(rig.answers.size() == 1);
  rig.ack();
  CHECK(rig.kind("refused") == refused);
  CHECK(rig.kind("mismatch") == version_mismatch);
  CHECK(rig.find("mismatch")->outcome.version == version_t{1});
  REQUIRE(rig.answers.size() == 5);
  CHECK(rig.answers[3].again);
  CHECK(rig.answers[3].offsets == std::vector{offset_t{1}});
  CHECK(rig.answers[4].outcome.kind == id_reused);
}

TEST_CASE("a record that was under way before the decision proves nothing") {
  owner_rig rig;
  rig.serve();
  rig.create("c1");
  rig.flush();
  rig.withdraw("w1", 1000);  // decided after c1 was issued
  rig.flush();
  REQUIRE(rig.appends.size() == 2);
  CHECK(rig.appends[1].records[0].kind == record_kind::proof);
  rig.ack();
  CHECK(rig.kind("c1") == applied);
  CHECK_FALSE(rig.find("w1"));
  rig.ack();
  CHECK(rig.kind("w1") == refused);
}

TEST_CASE("a commit issued after the decision serves as the proof") {
  owner_rig rig;
  rig.serve();
  rig.deposit("d1", 1);
  rig.create("c1");
  rig.flush();
  REQUIRE(rig.appends.size() == 1);
  CHECK(rig.appends[0].records[0].kind == record_kind::event);
  rig.ack();
  CHECK(rig.kind("d1") == refused);
  CHECK(rig.find("d1")->outcome.version == version_t{0});
  CHECK(rig.owner().counters().proofs == 0);
}

TEST_CASE("at most one proof is under way, and at most one is made in 5 ms") {
  owner_rig rig;
  rig.serve();
  rig.deposit("d1", 1);
  rig.flush();
  rig.deposit("d2", 1);  // needs another one
  rig.flush();
  rig.pass(20ms);
  CHECK(rig.appends.size() == 1);
  rig.ack();
  CHECK(rig.kind("d1") == refused);
  CHECK_FALSE(rig.find("d2"));
  REQUIRE(rig.appends.size() == 1);  // 20 ms after the first
  rig.deposit("d3", 1);
  rig.ack();
  CHECK(rig.kind("d2") == refused);
  CHECK_FALSE(rig.find("d3"));
  rig.flush();
  CHECK(rig.appends.empty());
  CHECK(rig.wakes.back() <= 5ms);
  rig.pass(4ms);
  CHECK(rig.appends.empty());
  rig.pass(1ms);
  REQUIRE(rig.appends.size() == 1);
  rig.ack();
  CHECK(rig.kind("d3") == refused);
  CHECK(rig.owner().counters().proofs == 3);
}

TEST_CASE("a condition holds against the newest state, which may be ahead of the log") {
  owner_rig rig(exclusive());
  rig.serve();
  rig.submit("a", "CreateAccount", R"({"owner":"ann","currency":"EUR"})", "ann", 0);
  rig.submit("b", "Deposit", R"({"amount":1})", "ann", 1);
  rig.submit("c", "Deposit", R"({"amount":1})", "ann", 1);
  rig.flush();
  rig.ack();
  CHECK(rig.kind("a") == applied);
  CHECK(rig.kind("b") == applied);
  CHECK(rig.kind("c") == version_mismatch);
  CHECK(rig.find("c")->outcome.version == version_t{2});
}

TEST_CASE("a command with nothing to do is unchanged and tells the stream's last event") {
  owner_rig rig(exclusive(), notebook_category());
  rig.serve();
  rig.submit("n1", "Write", R"({"text":"a"})");
  rig.flush();
  rig.ack();
  rig.submit("n2", "Write", R"({"text":"a"})");
  CHECK(rig.kind("n2") == unchanged);
  CHECK(rig.find("n2")->outcome.version == version_t{1});
  CHECK(rig.find("n2")->outcome.last_event == offset_t{1});
}

}  // namespace foldlog::test
