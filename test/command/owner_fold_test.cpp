// What the owner folds from the log into its write model: damage, saves, restarts.
#include <doctest/doctest.h>

#include "notebook.h"
#include "serving_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

constexpr std::string_view created = "bank.AccountCreated.v1";
constexpr std::string_view created_data = R"({"owner":"bob","currency":"EUR","overdraft_limit":0})";

}  // namespace

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
    result<decided_event> upcast(std::string_view type, json::element data) const override {
      return bank_account().upcast(type, data);
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
