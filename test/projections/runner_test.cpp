#include <doctest/doctest.h>

#include "core/log/record_codec.h"
#include "core/store/view_layout.h"
#include "projections/bank/accounts.h"
#include "projections/bank/owners.h"
#include "projections/replay.h"
#include "test/projections/fixture.h"

using namespace foldlog;
using namespace foldlog::bank;
using namespace foldlog::test;

namespace {

std::string digests(const store& from) {
  std::string all;
  for (const auto* view : {"accounts", "owners", "turnover"})
    all += digest_view(*from.snapshot(), "bank", view)->digest + " ";
  return all;
}

std::string owner(std::int64_t accounts, std::int64_t deposits, std::int64_t withdrawals) {
  return R"({"owner":"eve","accounts":)" + std::to_string(accounts) + R"(,"closed":0,"deposits":)" +
         std::to_string(deposits) + R"(,"withdrawals":)" + std::to_string(withdrawals) + "}";
}

std::string sums(std::int64_t deposits, std::int64_t withdrawals) { return owner(1, deposits, withdrawals); }

// A store whose n-th write, and all after it, fails.
class failing_store final : public store {
 public:
  explicit failing_store(store& real) : real_(real) {}
  [[nodiscard]] std::unique_ptr<store_batch> make_batch() const override { return real_.make_batch(); }
  [[nodiscard]] result<void> write(store_batch& batch) override {
    if (writes_left == 0) return fail(error_kind::unavailable, "the disk is full");
    --writes_left;
    return real_.write(batch);
  }
  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override {
    if (!readable) return fail(error_kind::unavailable, "the disk does not answer");
    return real_.get(key);
  }
  [[nodiscard]] std::vector<result<std::optional<std::string>>> get(
      const std::vector<std::string>& keys) const override {
    return real_.get(keys);
  }
  [[nodiscard]] std::shared_ptr<const store_snapshot> snapshot() const override { return real_.snapshot(); }
  [[nodiscard]] std::uint64_t generation() const override { return real_.generation(); }
  [[nodiscard]] result<void> flush() override { return real_.flush(); }

  int writes_left = 1 << 30;
  bool readable = true;

 private:
  store& real_;
};

}  // namespace

TEST_CASE("accepted commits become rows, and progress says so") {
  bank_world here;
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 500}});
  here.writer.commit("alice", {withdrawal_made{20, -20, {}}, overdraft_started{-20}});
  here.fold_all();
  CHECK(here.rows("owners") == told_rows{{"eve", sums(0, 1)}});
  CHECK(here.rows("accounts").at("alice").find(R"("balance":-20)") != std::string::npos);
  const auto place = here.writer.partition("alice");
  const auto entry = here.entry("accounts", place);
  CHECK(entry.folded == offset_t{3});
  CHECK(entry.end == offset_t{4});
  CHECK(entry.state == fold_state::running);
  CHECK(here.progress->reached("bank", "owners", token::parse("bank.account/" + std::to_string(place) + "@3").value()));
  CHECK(
      here.progress->reached("bank", "_streams", token::parse("bank.account/" + std::to_string(place) + "@3").value()));
  CHECK(folded_position(*here.store->snapshot(), "bank", "accounts")->find("bank.account", place) == offset_t{3});
}

TEST_CASE("void, doubled, foreign and half records are never folded") {
  bank_world here;
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.commit("alice", {deposit_made{5, 5, {}}});
  here.writer.repeat_last(here.writer.partition("alice"));
  here.writer.superseded("alice", deposit_made{100, 105, {}});
  here.writer.foreign(here.writer.partition("alice"));
  here.writer.half_commit("alice", deposit_made{1000, 1005, {}});
  here.fold_all();
  CHECK(here.rows("owners") == told_rows{{"eve", sums(1, 0)}});
  CHECK(here.rows("accounts").at("alice").find(R"("balance":5,)") != std::string::npos);

  here.writer.claim(here.writer.partition("alice"));
  here.writer.commit("alice", {deposit_made{7, 12, {}}});
  here.fold_all();
  CHECK(here.rows("owners") == told_rows{{"eve", sums(2, 0)}});
  CHECK(here.rows("accounts").at("alice").find(R"("balance":12,)") != std::string::npos);
  CHECK(here.entry("accounts", here.writer.partition("alice")).state == fold_state::running);
}

TEST_CASE("a commit that is still open is not shown, and is folded once it is complete") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.half_commit("alice", deposit_made{5, 5, {}});
  here.fold_all();
  CHECK(here.rows("owners") == told_rows{{"eve", sums(0, 0)}});
  CHECK(here.entry("owners", 0).folded == offset_t{1});
}

TEST_CASE("each event counts once when a runner is dropped between any two batches and another goes on") {
  bank_world here;
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  for (int i = 1; i <= 20; ++i) {
    here.writer.commit("alice", {deposit_made{1, i, {}}});
    if (i % 3 == 0) here.writer.claim(here.writer.partition("alice"));
    here.fold_all();
    CHECK(here.rows("owners") == told_rows{{"eve", sums(i, 0)}});
  }
}

TEST_CASE("a write that fails is repeated until the store takes it, and counts once") {
  bank_world here;
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  failing_store rows(*here.store);
  progress progress;
  runner running(here.log, rows, projections(), progress, here.clock);
  fold_to_end(running);
  here.writer.commit("alice", {deposit_made{1, 1, {}}});
  rows.writes_left = 0;
  for (int i = 0; i < 3; ++i) {
    CHECK(running.fold_some().error().kind == error_kind::unavailable);
    CHECK(running.health().reason == "the disk is full");
  }
  CHECK(!running.health().working);
  CHECK(here.rows("owners") == told_rows{{"eve", sums(0, 0)}});
  here.writer.commit("alice", {deposit_made{1, 2, {}}});
  rows.writes_left = 100;
  fold_to_end(running);
  CHECK(running.health().working);
  CHECK(here.rows("owners") == told_rows{{"eve", sums(2, 0)}});
}

TEST_CASE("when the store cannot be read in the middle of a fold, it begins again at its checkpoints") {
  bank_world here;
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  failing_store rows(*here.store);
  progress progress;
  runner running(here.log, rows, projections(), progress, here.clock);
  fold_to_end(running);
  rows.readable = false;
  here.writer.commit("alice", {deposit_made{1, 1, {}}});
  here.writer.commit("bob", {account_created{"eve", "EUR", 0}});
  CHECK(running.fold_some().error().kind == error_kind::unavailable);
  CHECK(running.fold_some().error().kind == error_kind::unavailable);
  rows.readable = true;
  fold_to_end(running);
  CHECK(here.rows("owners") == told_rows{{"eve", owner(2, 1, 0)}});
  for (const auto& entry : progress.entries()) CHECK(entry.state == fold_state::running);
}

TEST_CASE("a view that is added later folds from offset zero while the others stay where they are") {
  bank_world here;
  here.writer.claim_all();
  write_bank(here.writer, 10, 200);
  here.fold_all({make_projection<owners>()});  // sums: to fold it again would double it
  const auto before = here.rows("owners");
  CHECK(!before.empty());
  CHECK(here.rows("accounts").empty());
  here.writer.commit("new", {account_created{"eve", "EUR", 0}});
  here.fold_all();
  bank_world fresh;
  fresh.writer.claim_all();
  write_bank(fresh.writer, 10, 200);
  fresh.writer.commit("new", {account_created{"eve", "EUR", 0}});
  fresh.fold_all();
  CHECK(digests(*here.store) == digests(*fresh.store));
  CHECK(here.rows("accounts").size() == 11);
  CHECK(here.rows("owners").size() == before.size() + 1);
}

TEST_CASE("index entries follow their rows") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  const auto entries = [&](std::string_view index) {
    std::string all;
    const auto prefix = view_layout::index_prefix("bank", "accounts", index);
    const auto at = here.store->snapshot()->iterate(prefix);
    for (at->seek(prefix); at->valid(); at->next()) {
      const auto [value, key] = view_layout::split_index_entry(at->key().substr(prefix.size())).value();
      all += (value.index() == 0 ? std::to_string(std::get<0>(value)) : std::get<1>(value)) + ":" + key + " ";
    }
    return all;
  };
  here.fold_all();
  CHECK(entries("balance") == "0:alice ");
  here.writer.commit("bob", {account_created{"adam", "EUR", 0}});
  here.writer.commit("alice", {deposit_made{70, 70, {}}});
  here.writer.commit("alice", {withdrawal_made{80, -10, {}}});
  here.fold_all();
  CHECK(entries("balance") == "-10:alice 0:bob ");
  CHECK(entries("owner") == "adam:bob eve:alice ");
}

TEST_CASE("the stream table finds every accepted event by stream and version") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.superseded("alice", deposit_made{100, 105, {}});
  here.writer.commit("alice", {withdrawal_made{20, -20, {}}, overdraft_started{-20}});
  here.fold_all();
  const auto prefix = view_layout::stream_prefix("bank", "account", "alice");
  std::string offsets;
  const auto at = here.store->snapshot()->iterate(prefix);
  for (at->seek(prefix); at->valid(); at->next()) {
    offsets += std::to_string(raw(view_layout::stream_entry::decode(at->value())->offset)) + " ";
  }
  CHECK(offsets == "1 3 4 ");
}

TEST_CASE("the stream table holds the whole records when it is told so") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  progress progress;
  runner_options options;
  options.fold.store_records = true;
  runner running(here.log, *here.store, projections(), progress, here.clock, options);
  fold_to_end(running);
  const auto stored =
      here.store->get(view_layout::stream_key("bank", "account", "alice", version_t{1})).value().value();
  const auto entry = view_layout::stream_entry::decode(stored);
  REQUIRE(entry);
  const auto record = decode_record(entry->record, entry->offset);
  REQUIRE(record);
  CHECK(record->type == "bank.AccountCreated.v1");
  CHECK(record->value == R"({"owner":"eve","currency":"EUR","overdraft_limit":0})");
}

TEST_CASE("marks stand at each claim and at least every 4096 records, and hold the arbiter's state") {
  bank_world here(1);
  here.writer.claim_all();
  write_bank(here.writer, 3, 5000);
  here.writer.claim_all();
  write_bank(here.writer, 0, 0);
  here.fold_all();
  const topic_partition place{"bank.account", 0};
  const auto prefix = view_layout::mark_prefix(place);
  const auto end = raw(here.log.end_offset({0, 0}).value());
  std::int64_t before = -1;
  bool first_claim = false, last_claim = false;
  record_batch all;
  std::vector<arbiter::state> states;
  arbiter judge;
  const auto reader = here.log.open_reader({{{0, 0}, offset_t{0}}}, [] {});
  while (reader->read(all, {}) && !all.items.empty()) {
    for (const auto& item : all.items) {
      std::ignore = judge.judge(item.record);
      states.push_back(judge.now());
    }
  }
  const auto at = here.store->snapshot()->iterate(prefix);
  for (at->seek(prefix); at->valid(); at->next()) {
    const auto offset = raw(view_layout::mark_offset(at->key()));
    CHECK(offset - before <= 4096);
    CHECK(view_layout::decode_mark(at->value()) == states.at(static_cast<std::size_t>(offset)));
    before = offset;
    first_claim = first_claim || offset == 0;
    last_claim = last_claim || offset == end - 1;
  }
  CHECK(end - before <= 4096);
  CHECK(first_claim);
  CHECK(last_claim);
}

TEST_CASE("rows that do not fit the cache are written and read again") {
  bank_world here;
  here.writer.claim_all();
  write_bank(here.writer, 200, 3000);
  here.fold_all();
  const auto whole = digests(*here.store);
  auto small = make_memory_store();
  progress progress;
  runner_options options;
  options.fold.cache_bytes = 4096;
  {
    runner running(here.log, *small, projections(), progress, here.clock, options);
    fold_to_end(running);
    write_bank(here.writer, 0, 0);
    for (int i = 0; i < 50; ++i) {
      here.writer.commit("late" + std::to_string(i), {account_created{"eve", "EUR", 0}});
      fold_to_end(running);
      here.writer.commit("late" + std::to_string(i / 2), {deposit_made{1, i + 1, {}}});
      fold_to_end(running);
    }
  }
  here.fold_all();
  CHECK(digests(*small) == digests(*here.store));
  CHECK(digests(*small) != whole);
}
