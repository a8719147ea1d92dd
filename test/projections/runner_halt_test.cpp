#include <doctest/doctest.h>

#include "core/base/hash.h"
#include "core/store/view_layout.h"
#include "projections/bank/accounts.h"
#include "test/projections/fixture.h"

using namespace foldlog;
using namespace foldlog::bank;
using namespace foldlog::test;

namespace {

// Counts deposits per account, and cannot bear one of 13, in the middle of its work.
class superstitious {
 public:
  static constexpr std::string_view topic = "bank.account";
  static constexpr std::string_view view = "superstitious";
  using event = account_event;
  explicit superstitious(view_scope& scope) : rows_(scope), accounts_(scope, "accounts") {}

  void on(const account_created& event, const event_context& at) { accounts_.put(at.id, {.owner = event.owner}); }
  void on(const deposit_made& event, const event_context& at) {
    owner_row more;
    more.owner = at.id;
    more.deposits = 1;
    rows_.add(at.id, more);
    accounts_.put(at.id, {.owner = "touched"});
    if (event.amount == 13) throw std::runtime_error("thirteen");
  }
  void on(const overdraft_ended&, const event_context&) {}
  void on(const withdrawal_made&, const event_context&) {}
  void on(const overdraft_started&, const event_context&) {}
  void on(const account_closed&, const event_context&) {}

 private:
  summed_view<owner_row> rows_;
  table<owner_row> accounts_;
};

projection_list with_superstitious() {
  auto all = projections();
  all.push_back(make_projection<superstitious>());
  return all;
}

std::string counted(const std::string& id, std::int64_t deposits) {
  return R"({"owner":")" + id + R"(","accounts":0,"closed":0,"deposits":)" + std::to_string(deposits) +
         R"(,"withdrawals":0})";
}

// Ids in partition 0 and 1 of two.
const std::string in_0 = [] {
  for (int i = 0;; ++i) {
    if (partition_of("id" + std::to_string(i), 2) == 0) return "id" + std::to_string(i);
  }
}();
const std::string in_1 = [] {
  for (int i = 0;; ++i) {
    if (partition_of("id" + std::to_string(i), 2) == 1) return "id" + std::to_string(i);
  }
}();

}  // namespace

TEST_CASE("a projection that throws halts its view in that partition only, before the commit, with the reason") {
  bank_world here;
  here.writer.claim_all();
  for (const auto& id : {in_0, in_1}) here.writer.commit(id, {account_created{"eve", "EUR", 0}});
  here.writer.commit(in_0, {deposit_made{1, 1, {}}});
  here.writer.commit(in_0, {deposit_made{1, 2, {}}, deposit_made{13, 15, {}}});
  here.writer.commit(in_0, {deposit_made{1, 16, {}}});
  here.writer.commit(in_1, {deposit_made{1, 1, {}}});
  here.fold_all(with_superstitious());

  CHECK(here.rows("superstitious") == told_rows{{in_0, counted(in_0, 1)}, {in_1, counted(in_1, 1)}});
  const auto halted = here.entry("superstitious", 0);
  CHECK(halted.state == fold_state::halted);
  CHECK(halted.reason.find("thirteen") != std::string::npos);
  CHECK(halted.reason.find("bank.account/0@4") != std::string::npos);
  CHECK(halted.folded == offset_t{2});
  CHECK(here.entry("superstitious", 1).state == fold_state::running);
  CHECK(here.entry("superstitious", 1).reason.empty());
  CHECK(here.entry("accounts", 0).state == fold_state::running);
  CHECK(here.entry("accounts", 0).folded == offset_t{5});
  CHECK(here.rows("accounts").at(in_0).find(R"("balance":16,)") != std::string::npos);
  CHECK(here.store->get(view_layout::private_key("bank", "superstitious", "accounts", in_0)).value()->find("touched") !=
        std::string::npos);

  here.fold_all(with_superstitious());  // a restart finds it again, and changes nothing else
  CHECK(here.entry("superstitious", 0).state == fold_state::halted);
  CHECK(here.rows("superstitious") == told_rows{{in_0, counted(in_0, 1)}, {in_1, counted(in_1, 1)}});
  CHECK(here.entry("accounts", 0).folded == offset_t{5});
}

TEST_CASE("what a throwing commit had changed is undone, also rows that it made") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.commit("alice", {deposit_made{13, 13, {}}});
  here.fold_all(with_superstitious());
  CHECK(here.rows("superstitious").empty());
  CHECK(here.store->get(view_layout::private_key("bank", "superstitious", "accounts", "alice"))
            .value()
            ->find("touched") == std::string::npos);
}

TEST_CASE("an event of a type that nobody knows halts the views, not the stream table") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.unknown_event("alice");
  here.fold_all();
  for (const auto* view : {"accounts", "owners", "turnover"}) {
    CHECK(here.entry(view, 0).state == fold_state::halted);
    CHECK(here.entry(view, 0).reason.find("bank.AccountFrozen.v1") != std::string::npos);
    CHECK(here.entry(view, 0).folded == offset_t{1});
  }
  CHECK(here.entry("_streams", 0).state == fold_state::running);
  CHECK(here.entry("_streams", 0).folded == offset_t{2});
}

TEST_CASE("an accepted event that is not the next of its stream is damage: the partition halts, others go on") {
  for (const std::uint64_t wrong : {0U, 2U, 5U}) {
    for (const bool known : {true, false}) {
      bank_world here;
      here.writer.claim_all();
      here.writer.commit(in_0, {account_created{"eve", "EUR", 0}});
      here.writer.commit(in_0, {deposit_made{1, 1, {}}});
      here.writer.commit(in_0, {deposit_made{1, 2, {}}});
      if (!known) here.fold_all();  // a new runner has no versions in memory: the stream table knows
      here.writer.set_version(in_0, wrong);
      here.writer.commit(in_0, {deposit_made{1, 3, {}}});
      here.writer.commit(in_1, {account_created{"eve", "EUR", 0}});
      here.fold_all();
      for (const auto* view : {"accounts", "owners", "turnover", "_streams"}) {
        CAPTURE(wrong);
        CAPTURE(known);
        CHECK(here.entry(view, 0).state == fold_state::halted);
        CHECK(here.entry(view, 0).reason.find("bank.account/0@4") != std::string::npos);
        CHECK(here.entry(view, 0).folded == offset_t{3});
        CHECK(here.entry(view, 1).state == fold_state::running);
      }
    }
  }
}

TEST_CASE("a record in sequence that does not continue its commit halts the partition") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.half_commit("alice", deposit_made{1, 1, {}});
  here.writer.commit("alice", {deposit_made{2, 2, {}}});
  here.fold_all();
  CHECK(here.entry("accounts", 0).state == fold_state::halted);
  CHECK(here.entry("accounts", 0).reason.find("damaged") == 0);
  CHECK(here.entry("accounts", 0).reason.find("bank.account/0@3") != std::string::npos);
  CHECK(here.entry("accounts", 0).folded == offset_t{1});
}

TEST_CASE("a flipped bit in the log halts its partition and names it; others go on") {
  bank_world here;
  here.writer.claim_all();
  for (const auto& id : {in_0, in_1}) {
    here.writer.commit(id, {account_created{"eve", "EUR", 0}});
    here.writer.commit(id, {deposit_made{1, 1, {}}});
  }
  here.log.corrupt({0, 0}, offset_t{2});
  here.fold_all();
  CHECK(here.entry("accounts", 0).state == fold_state::halted);
  CHECK(here.entry("accounts", 0).reason.find("bank.account/0@2") != std::string::npos);
  CHECK(here.entry("accounts", 0).folded == offset_t{1});
  CHECK(here.entry("accounts", 1).state == fold_state::running);
  CHECK(here.entry("accounts", 1).folded == offset_t{2});
  CHECK(here.rows("accounts").size() == 2);
}

namespace {

// A store that was made from one log meets another one.
progress::entry meets(const std::function<void(bank_writer&)>& first, const std::function<void(bank_writer&)>& second) {
  bank_world before(1);
  first(before.writer);
  before.fold_all();
  bank_world after(1);
  second(after.writer);
  after.store = std::move(before.store);
  const auto rows = after.rows("owners");
  after.fold_all();
  const auto entry = after.entry("owners", 0);
  if (entry.state == fold_state::halted) CHECK(after.rows("owners") == rows);
  return entry;
}

void three(bank_writer& writer) {
  writer.claim_all();
  writer.commit("alice", {account_created{"eve", "EUR", 0}});
  writer.commit("alice", {deposit_made{1, 1, {}}});
}

}  // namespace

TEST_CASE("a log that is the same is no reason to halt") {
  CHECK(meets(three, three).state == fold_state::running);
  CHECK(meets([](auto&) {}, three).state == fold_state::running);
  CHECK(meets([](auto& writer) { writer.claim_all(); }, three).state == fold_state::running);
}

TEST_CASE("a log that was cut is detected") {
  const auto entry = meets(three, [](bank_writer& writer) {
    writer.claim_all();
    writer.commit("alice", {account_created{"eve", "EUR", 0}});
  });
  CHECK(entry.state == fold_state::halted);
  CHECK(entry.reason.find("the log was cut or recreated") == 0);
  CHECK(entry.reason.find("bank.account/0@2") != std::string::npos);
}

TEST_CASE("a log that was made anew is detected by its last event or by its claim") {
  CHECK(meets(three, [](bank_writer& writer) {
          writer.claim_all();
          writer.commit("bob", {account_created{"eve", "EUR", 0}});
          writer.commit("bob", {deposit_made{1, 1, {}}});
          writer.commit("bob", {deposit_made{1, 2, {}}});
        }).reason.find("the log was cut or recreated: the record at bank.account/0@2") == 0);
  CHECK(meets(three, [](bank_writer& writer) {
          writer.set_nonce(1);
          three(writer);
        }).state == fold_state::halted);
  const auto foreign_behind = [](bank_writer& writer) {
    three(writer);
    writer.foreign(0);
  };
  CHECK(meets(foreign_behind, foreign_behind).state == fold_state::running);
  CHECK(meets(foreign_behind, [](bank_writer& writer) {
          three(writer);
          writer.claim_all();
        }).state == fold_state::halted);
  CHECK(meets([](bank_writer& writer) { writer.claim_all(); },
              [](bank_writer& writer) {
                writer.set_nonce(1);
                writer.claim_all();
              })
            .state == fold_state::halted);
  CHECK(meets([](bank_writer& writer) { writer.claim_all(); },
              [](bank_writer& writer) {
                writer.foreign(0);
                writer.claim_all();
              })
            .state == fold_state::halted);
}
