// The owner's way to a partition and back: odd acknowledgements, unknown outcomes, other owners, damage, restarts.
#include <doctest/doctest.h>

#include <algorithm>

#include "notebook.h"
#include "owner_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

constexpr std::string_view created = "bank.AccountCreated.v1";
constexpr std::string_view created_data = R"({"owner":"bob","currency":"EUR","overdraft_limit":0})";

// Serving, with `c1` applied.
struct serving_rig : owner_rig {
  explicit serving_rig(owner_options options = {}) : owner_rig(std::move(options)) {
    serve();
    create("c1");
    flush();
    ack();
    REQUIRE(kind("c1") == applied);
    std::ignore = phases();
  }
  void claim_and_read() {
    REQUIRE(owner().phase() == owner_phase::claiming);
    ack();
    feed();
    REQUIRE(owner().phase() == owner_phase::serving);
  }
};

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

TEST_CASE("an owner halts where a version is missing, and says where") {
  owner_rig rig;
  rig.put_claim(7);
  rig.put_event({offset_t{0}, 7}, 0, 1, "ann", created, created_data);
  rig.put_event({offset_t{0}, 7}, 1, 3);
  rig.owner().offer();
  rig.create("c1");
  rig.ack();
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::halted);
  CHECK(rig.owner().reason().find("offset 2") != std::string_view::npos);
  CHECK(rig.kind("c1") == not_ready);
  rig.create("c2");
  CHECK(rig.kind("c2") == not_ready);
  rig.pass(60s);
  CHECK(rig.appends.empty());
}

TEST_CASE(
    "an owner halts at a commit that is not continued, at an unknown event, at data that do not fit, and at a hole in "
    "the log") {
  const auto halts = [](auto make) {
    owner_rig rig;
    rig.put_claim(7);
    make(rig);
    rig.owner().offer();
    rig.ack();
    rig.feed();
    CHECK(rig.owner().phase() == owner_phase::halted);
    CHECK(rig.owner().reason().find("offset 1") != std::string_view::npos);
  };
  halts([](owner_rig& rig) {
    record torn;
    torn.kind = record_kind::event;
    torn.key = "ann";
    torn.version = version_t{1};
    torn.epoch = {offset_t{0}, 7};
    torn.commit_index = 1;
    torn.commit_count = 2;
    rig.put(torn);
  });
  halts([](owner_rig& rig) { rig.put_event({offset_t{0}, 7}, 0, 1, "ann", "bank.Unheard.v1"); });
  halts([](owner_rig& rig) { rig.put_event({offset_t{0}, 7}, 0, 1, "ann", created, R"({"owner":5})"); });
  halts([](owner_rig& rig) { rig.put_event({offset_t{0}, 7}, 0, 1, "ann", created, "not json"); });
  owner_rig rig;
  rig.put_claim(1);
  rig.put_claim(2);
  rig.owner().offer();
  rig.ack();
  rig.owner().read(std::span(rig.log).subspan(1));
  CHECK(rig.owner().phase() == owner_phase::halted);
}

TEST_CASE("a read that fails for a while is tried again; damaged bytes halt") {
  owner_rig rig;
  rig.owner().offer();
  rig.ack();
  rig.owner().read_failed({error_kind::unavailable, "no broker"});
  CHECK(rig.owner().phase() == owner_phase::reading);
  rig.owner().read_failed({error_kind::damaged, "offset 0 does not decode"});
  CHECK(rig.owner().phase() == owner_phase::halted);
}

TEST_CASE("the write model is saved with its place after so many commits or so long; a restart reads the tail only") {
  owner_options options;
  options.save_commits = 3;
  options.save_after = 200ms;
  owner_rig rig(options);
  rig.serve();
  rig.create("c1");
  rig.deposit("d1", 1);
  rig.flush();
  rig.ack();
  CHECK(rig.saves.empty());
  rig.pass(199ms);
  CHECK(rig.saves.empty());
  rig.pass(1ms);
  CHECK(rig.saves.size() == 1);
  rig.finish_saves();
  CHECK(rig.owner().clean());
  for (int i = 2; i < 5; ++i) rig.deposit("d" + std::to_string(i), 1);
  rig.flush();
  rig.ack();
  CHECK(rig.saves.size() == 1);  // by count
  rig.finish_saves();
  rig.deposit("lost", 1);
  rig.flush();
  rig.ack();
  rig.restart(options);  // what was not saved is gone from memory
  rig.owner().offer();
  rig.ack();
  CHECK(rig.first_read == offset_t{6});
  rig.feed();
  rig.deposit("d9", 1);
  rig.deposit("lost", 1);
  rig.deposit("d2", 1);
  rig.flush();
  rig.ack();
  CHECK(rig.answers.size() == 9);
  CHECK(rig.find("d9")->outcome.version == version_t{7});
  CHECK(rig.find("d9")->outcome.events[0].data == R"({"amount":1,"balance":6})");
  CHECK(rig.answers[7].again);  // lost: from the tail
  CHECK(rig.answers[7].offsets == std::vector{offset_t{6}});
  CHECK(rig.answers[8].again);  // d2: from the store
  CHECK(rig.answers[8].offsets == std::vector{offset_t{3}});
}

TEST_CASE("a save that failed is repeated with everything since") {
  serving_rig rig;
  rig.owner().save();
  rig.deposit("d1", 1);
  rig.flush();
  rig.ack();
  rig.finish_saves(false);
  CHECK_FALSE(rig.owner().clean());
  rig.pass(1000ms);
  REQUIRE(rig.saves.size() == 1);
  rig.finish_saves();
  CHECK(rig.owner().clean());
  rig.restart({});
  rig.owner().offer();
  rig.ack();
  CHECK(rig.first_read == offset_t{3});
  rig.feed();
  rig.create("c1");
  rig.deposit("d1", 1);
  rig.flush();
  rig.ack();
  CHECK(rig.answers[2].again);
  CHECK(rig.answers[3].again);
}

TEST_CASE("rows of another fingerprint are wiped and folded anew") {
  serving_rig rig;
  rig.owner().save();
  rig.finish_saves();
  class reshaped final : public category {
   public:
    std::uint64_t fingerprint() const override { return bank_account().fingerprint() + 1; }
    std::string_view domain() const override { return bank_account().domain(); }
    std::string_view name() const override { return bank_account().name(); }
    bool has_command(std::string_view command) const override { return bank_account().has_command(command); }
    const std::vector<std::string>& event_types() const override { return bank_account().event_types(); }
    bool records_refusals() const override { return false; }
    state_pointer initial() const override { return bank_account().initial(); }
    result<state_pointer> load(json::element state) const override { return bank_account().load(state); }
    void save(std::string& out, const aggregate_state& state) const override { bank_account().save(out, state); }
    std::size_t bytes(const aggregate_state& state) const override { return bank_account().bytes(state); }
    result<state_pointer> evolve(const aggregate_state& state, std::string_view type,
                                 json::element data) const override {
      return bank_account().evolve(state, type, data);
    }
    result<std::expected<decided, refusal>> decide(const aggregate_state& state, std::string_view name,
                                                   json::element data, const command_context& context) const override {
      return bank_account().decide(state, name, data, context);
    }
  };
  reshaped other;
  write_model same(*rig.rows, bank_account(), "bank.account", 0);
  CHECK(same.open()->next == offset_t{2});
  write_model changed(*rig.rows, other, "bank.account", 0);
  CHECK(changed.open()->next == offset_t{0});
  CHECK_FALSE(changed.load("ann")->has_value());
  CHECK_FALSE(changed.find("ann", "c1")->has_value());
}

TEST_CASE("wiping one partition's rows leaves those of others") {
  serving_rig rig;
  rig.owner().save();
  rig.finish_saves();
  write_model other(*rig.rows, bank_account(), "bank.account", 1);
  REQUIRE(other.wipe());
  write_model prefix(*rig.rows, bank_account(), "bank.acc", 0);
  REQUIRE(prefix.wipe());
  write_model same(*rig.rows, bank_account(), "bank.account", 0);
  CHECK(same.open()->next == offset_t{2});
  CHECK(same.load("ann")->has_value());
}

TEST_CASE("recorded refusals are folded from the log like everything else") {
  owner_rig rig({}, notebook_category());
  rig.serve();
  rig.submit("r1", "Write", R"({"text":""})");
  rig.submit("n1", "Write", R"({"text":"a"})");
  rig.flush();
  rig.ack();
  rig.restart({});
  rig.serve();
  CHECK(rig.first_read == offset_t{0});
  rig.answers.clear();
  rig.submit("r1", "Write", R"({"text":""})");
  rig.submit("n2", "Write", R"({"text":"b"})");
  rig.flush();
  rig.ack();
  REQUIRE(rig.answers.size() == 2);
  CHECK(rig.find("r1")->again);
  CHECK(rig.find("r1")->outcome.kind == refused);
  CHECK(rig.find("r1")->outcome.version == version_t{0});
  CHECK(rig.find("n2")->outcome.version == version_t{2});
}

TEST_CASE("a store that can't be read for a while does not halt the fold") {
  class flaky_store final : public store {
   public:
    std::shared_ptr<store> real = make_memory_store();
    int fail_next = 0;
    std::unique_ptr<store_batch> make_batch() const override { return real->make_batch(); }
    result<void> write(store_batch& batch) override { return real->write(batch); }
    result<std::optional<std::string>> get(std::string_view key) const override {
      if (key.starts_with('s') && fail_next > 0) return fail(error_kind::unavailable, "the disk does not answer");
      return real->get(key);
    }
    std::vector<result<std::optional<std::string>>> get(const std::vector<std::string>& keys) const override {
      return real->get(keys);
    }
    std::shared_ptr<const store_snapshot> snapshot() const override { return real->snapshot(); }
    std::uint64_t generation() const override { return real->generation(); }
    result<void> flush() override { return {}; }
  };
  const auto rows = std::make_shared<flaky_store>();
  owner_rig rig({}, bank_account(), rows);
  rig.put_claim(7);
  rig.put_event({offset_t{0}, 7}, 0, 1, "ann", created, created_data);
  rows->fail_next = 1;
  rig.owner().offer();
  rig.ack();
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::claiming);
  rows->fail_next = 0;
  rig.pass(1s);
  rig.ack();
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::serving);
  rig.deposit("d1", 1);
  rig.flush();
  rig.ack();
  CHECK(rig.find("d1")->outcome.version == version_t{2});
}

}  // namespace foldlog::test
