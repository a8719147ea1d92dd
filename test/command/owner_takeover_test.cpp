// The owner's way to a partition and back: claims, other owners, commands in doubt.
#include <doctest/doctest.h>

#include <algorithm>

#include "serving_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

constexpr std::string_view created = "bank.AccountCreated.v1";
constexpr std::string_view created_data = R"({"owner":"bob","currency":"EUR","overdraft_limit":0})";

}  // namespace

TEST_CASE(
    "a claim that ends refused or unknown is followed by another one, with a new nonce and after a growing pause") {
  owner_rig rig;
  rig.owner().offer();
  std::vector<std::uint32_t> nonces;
  std::chrono::nanoseconds longest{};
  for (int i = 0; i < 8; ++i) {
    const auto claim = rig.take();
    nonces.push_back(claim.records[0].epoch.nonce);
    rig.report(claim, i % 2 == 0 ? append_status::unknown : append_status::refused);
    CHECK(rig.owner().phase() == owner_phase::claiming);
    CHECK(rig.appends.empty());
    const auto pause = rig.wakes.back();
    CHECK(pause >= 100ms);
    CHECK(pause <= 5s);
    longest = std::max(longest, pause);
    rig.pass(pause - 1ns);
    CHECK(rig.appends.empty());
    rig.pass(1ns);
    REQUIRE(rig.appends.size() == 1);
  }
  CHECK(longest > 2s);
  std::ranges::sort(nonces);
  CHECK(std::ranges::adjacent_find(nonces) == nonces.end());
  rig.ack();
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::serving);
}

TEST_CASE(
    "serving before the read-up is complete never happens: what stands before the claim is folded, what is void is "
    "not") {
  owner_rig rig;
  rig.records_max = 1;
  rig.put_claim(7);
  rig.put_event({offset_t{0}, 7}, 0, 1, "ann", created, created_data);
  rig.put_event({offset_t{0}, 6}, 1, 2);  // another epoch
  rig.put_event({offset_t{0}, 7}, 2, 2);  // a gap
  rig.owner().offer();
  rig.ack();
  rig.put_event({offset_t{0}, 7}, 1, 2);  // behind our claim
  rig.create("c1");
  rig.feed();
  rig.ack();  // at a higher offset than the owner can know
  rig.feed();
  while (!rig.appends.empty()) rig.ack();
  CHECK(rig.kind("c1") == refused);
  CHECK(rig.find("c1")->outcome.refusal.code == "account-exists");
  CHECK(rig.find("c1")->outcome.version == version_t{1});
  CHECK(rig.owner().counters().void_records == 3);
}

TEST_CASE("a late claim of its own does not make it think that another node came") {
  owner_rig rig;
  rig.owner().offer();
  const auto lost = rig.take();
  rig.report(lost, append_status::unknown);
  rig.pass(5s);
  rig.ack();
  rig.feed();
  REQUIRE(rig.owner().phase() == owner_phase::serving);
  rig.land(lost);  // its first claim, late
  rig.create("c1");
  rig.flush();
  rig.ack();
  std::ignore = rig.phases();
  rig.feed();
  CHECK(rig.phases() == "claiming");
  rig.ack();
  rig.feed();
  rig.ack();
  CHECK(rig.kind("c1") == applied);
  CHECK(rig.owner().counters().deposed == 0);
  CHECK(rig.find("c1")->outcome.last_event == offset_t{4});
}

TEST_CASE("an old claim of its own that landed before the present one changes nothing") {
  owner_rig rig;
  rig.owner().offer();
  const auto lost = rig.take();
  rig.report(lost, append_status::unknown);
  rig.pass(5s);
  rig.land(lost);
  rig.ack();
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::serving);
  CHECK(rig.owner().epoch().offset == offset_t{1});
}

TEST_CASE(
    "meeting another's claim: what was accepted before it is applied, the rest is in doubt, and it claims again after "
    "the pause") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  rig.deposit("d2", 5);
  rig.flush();
  rig.deposit("d3", 5);      // never handed to the log
  rig.withdraw("w1", 1000);  // needs a proof
  const auto first = rig.take();
  const auto second = rig.take();
  rig.put_event({offset_t{99}, 1}, 0, 5);
  const auto at = rig.land(first);
  const auto claim = rig.put_claim(77);
  rig.put_event({claim, 77}, 0, 3, "ann", "bank.DepositMade.v1", R"({"amount":50,"balance":55})");
  rig.report(first, append_status::acknowledged, at);
  rig.report(second, append_status::acknowledged, rig.land(second));
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::deposed);
  CHECK(rig.kind("d1") == applied);
  CHECK(rig.kind("d2") == unknown);
  CHECK(rig.kind("d3") == not_ready);
  CHECK(rig.kind("w1") == not_ready);
  CHECK(rig.owner().idle());
  rig.create("later");
  CHECK(rig.kind("later") == not_ready);
  rig.pass(9'900ms);
  CHECK(rig.appends.empty());
  rig.pass(5'200ms);
  REQUIRE(rig.appends.size() == 1);
  rig.claim_and_read();
  rig.deposit("d4", 1);
  rig.flush();
  rig.ack();
  CHECK(rig.find("d4")->outcome.version == version_t{4});  // ours, the other's, this one
  CHECK(rig.find("d4")->outcome.events[0].data == R"({"amount":1,"balance":56})");
  CHECK(rig.count("d2") == 1);
}

TEST_CASE("a superseded owner never tells a refusal") {
  serving_rig rig;
  rig.put_claim(77);
  rig.withdraw("w1", 1000);
  rig.flush();
  rig.ack();  // its proof, at a higher offset
  CHECK_FALSE(rig.find("w1"));
  rig.feed();
  CHECK(rig.kind("w1") == not_ready);
  CHECK(rig.owner().phase() == owner_phase::deposed);
}

TEST_CASE("another owner applied the command that we have in doubt: its outcome is told, nothing is applied twice") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  rig.report(rig.take(), append_status::unknown);
  const auto claim = rig.put_claim(77);
  record event;
  event.kind = record_kind::event;
  event.key = "ann";
  event.type = "bank.DepositMade.v1";
  event.value = R"({"amount":5,"balance":5})";
  event.version = version_t{2};
  event.epoch = {claim, 77};
  event.command_id = "d1";
  event.command_hash = std::hash<std::string>()(R"(Deposit{"amount":5})");
  event.time = rig.time.now();
  rig.put(event);
  rig.claim_and_read();
  CHECK_FALSE(rig.find("d1"));
  rig.flush();
  rig.ack();  // the proof
  REQUIRE(rig.find("d1"));
  CHECK(rig.find("d1")->again);
  CHECK(rig.find("d1")->offsets == std::vector{offset_t{3}});
}

TEST_CASE("a command that was in doubt is never told a plain 503 afterwards") {
  serving_rig rig;
  rig.deposit("d1", 5);
  rig.flush();
  rig.report(rig.take(), append_status::unknown);
  rig.deposit("fresh", 1);
  rig.report(rig.take(), append_status::unknown);  // its claim too
  rig.pass(11s);
  CHECK(rig.kind("d1") == unknown);
  CHECK(rig.kind("fresh") == not_ready);

  serving_rig checked;
  checked.deposit("d1", 5);
  checked.flush();
  checked.put_event({offset_t{99}, 1}, 0, 5);
  checked.put_event({offset_t{99}, 1}, 0, 5);
  std::ignore = checked.take();
  checked.owner().appended(3, {append_status::acknowledged, offset_t{3}, true, {}});
  checked.feed();  // not counted: claims
  checked.ack();
  checked.put_claim(5);
  checked.feed();
  checked.ack();  // d1, decided again, void
  checked.feed();
  CHECK(checked.kind("d1") == unknown);
}

TEST_CASE("a command that was in doubt while an acknowledgement was checked is not told a plain 503 either") {
  serving_rig rig;
  rig.withdraw("w1", 50);
  rig.flush();
  const auto append = rig.take();
  rig.put_event({offset_t{99}, 1}, 0, 5);
  rig.put_event({offset_t{99}, 1}, 0, 5);
  rig.put_event({offset_t{99}, 1}, 0, 5);
  rig.report(append, append_status::acknowledged, offset_t{3});
  rig.feed();  // not counted: claims
  const auto foreign = rig.put_claim(5);
  rig.put_event({foreign, 5}, 0, 2, "ann", "bank.AccountClosed.v1", "{}");
  rig.claim_and_read();  // w1 is decided again: the account is closed
  rig.put_claim(6);
  rig.flush();
  REQUIRE(rig.appends.size() == 1);
  CHECK(rig.appends[0].records[0].kind == record_kind::proof);
  rig.ack();
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::deposed);
  CHECK(rig.kind("w1") == unknown);
}

}  // namespace foldlog::test
