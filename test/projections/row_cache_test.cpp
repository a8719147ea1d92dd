#include <doctest/doctest.h>

#include "projections/specification.h"
#include "schemas/bank/account_events.h"
#include "schemas/bank/account_rows.h"

using namespace foldlog;
using namespace foldlog::bank;

namespace {

account_row row_of(std::string id, std::string owner) {
  account_row row;
  row.id = std::move(id);
  row.owner = std::move(owner);
  return row;
}

// Each event does one thing to one row, so that a test can say what happens in which order.
class by_hand {
 public:
  static constexpr std::string_view topic = "bank.account";
  static constexpr std::string_view view = "by_hand";
  static constexpr std::array indexes{index_on{"owner", &account_row::owner}};
  using event = account_event;
  explicit by_hand(view_scope& scope) : rows_(scope, indexes) {}

  void on(const account_created& event, const event_context& at) {
    rows_.put(at.id, row_of(std::string(at.id), event.owner));
  }
  void on(const deposit_made& event, const event_context& at) {
    rows_.update(at.id, [&](account_row& row) { row.balance += event.amount; });
  }
  void on(const withdrawal_made&, const event_context& at) { rows_.erase(at.id); }
  void on(const account_closed&, const event_context&) { throw std::runtime_error("closed"); }
  void on(const overdraft_started&, const event_context& at) {
    rows_.put(std::string(1025, 'x'), row_of(std::string(at.id), ""));
  }
  void on(const overdraft_ended&, const event_context&) { rows_.put("\xff", {}); }

 private:
  keyed_view<account_row> rows_;
};

struct cache_world {
  void fold(const std::string& id, const account_event& event) {
    category_events<account_event> commit("bank.account");
    commit.add(event);
    fold_->begin_commit();
    try {
      fold_->fold(commit, 0, {.id = id, .topic = "bank.account"});
    } catch (const std::exception&) {
      fold_->undo_commit();
    }
  }
  void write() {
    const auto batch = store_->make_batch();
    fold_->write(*batch);
    REQUIRE(store_->write(*batch));
    fold_->written();
  }
  [[nodiscard]] std::string rows() const {
    std::string all;
    for (const auto& [key, row] : rows_of(*store_, "bank", "by_hand")) {
      const auto at = row.find("\"balance\":");
      all += key + "=" + row.substr(at + 10, row.find(',', at) - at - 10) + " ";
    }
    return all;
  }
  [[nodiscard]] std::string owners() const {
    std::string all;
    const auto prefix = view_layout::index_prefix("bank", "by_hand", "owner");
    const auto at = store_->snapshot()->iterate(prefix);
    for (at->seek(prefix); at->valid(); at->next()) {
      const auto [value, key] = view_layout::split_index_entry(at->key().substr(prefix.size())).value();
      all += std::get<std::string>(value) + ":" + key + " ";
    }
    return all;
  }

  std::unique_ptr<store> store_ = make_memory_store();
  std::shared_ptr<const projection> what_ = make_projection<by_hand>();
  std::unique_ptr<view_fold> fold_ = what_->open(*store_, 600);  // about one row
};

const account_created eve{"eve", "EUR", 0};
const deposit_made one{1, 1, {}};

}  // namespace

TEST_CASE("rows reach the store when they are written, not before") {
  cache_world here;
  here.fold("a", eve);
  here.fold("a", one);
  CHECK(here.rows().empty());
  here.write();
  CHECK(here.rows() == "a=1 ");
  CHECK(here.owners() == "eve:a ");
}

TEST_CASE("rows that were forgotten are read again from the store") {
  cache_world here;
  for (int round = 0; round < 3; ++round) {
    for (const auto* id : {"a", "b", "c", "d"}) {
      if (round == 0) here.fold(id, eve);
      here.fold(id, one);
    }
    here.write();
  }
  CHECK(here.rows() == "a=3 b=3 c=3 d=3 ");
}

TEST_CASE("an erased row goes with its index entries, and may come again with others") {
  cache_world here;
  here.fold("a", eve);
  here.write();
  here.fold("a", withdrawal_made{});
  here.write();
  CHECK(here.rows().empty());
  CHECK(here.owners().empty());
  here.fold("a", account_created{"bob", "EUR", 0});
  here.write();
  CHECK(here.owners() == "bob:a ");
  here.fold("a", withdrawal_made{});
  here.fold("a", account_created{"eve", "EUR", 0});
  here.write();
  CHECK(here.owners() == "eve:a ");
}

TEST_CASE("a commit that is undone leaves the changes of those before it") {
  cache_world here;
  here.fold("a", eve);
  here.fold("a", one);
  category_events<account_event> commit("bank.account");
  commit.add(one);
  commit.add(withdrawal_made{});
  commit.add(account_closed{});
  here.fold_->begin_commit();
  here.fold_->fold(commit, 0, {.id = "a"});
  here.fold_->fold(commit, 1, {.id = "a"});
  CHECK_THROWS(here.fold_->fold(commit, 2, {.id = "a"}));
  here.fold_->undo_commit();
  here.write();
  CHECK(here.rows() == "a=1 ");
  CHECK(here.owners() == "eve:a ");
}

TEST_CASE("a batch that was lost can be written again, whole") {
  cache_world here;
  here.fold("a", eve);
  here.write();
  here.fold("a", account_created{"bob", "EUR", 0});
  const auto lost = here.store_->make_batch();
  here.fold_->write(*lost);
  here.write();
  CHECK(here.owners() == "bob:a ");
}

TEST_CASE("a key that is no view key is refused") {
  cache_world here;
  category_events<account_event> commit("bank.account");
  commit.add(overdraft_started{0});
  commit.add(overdraft_ended{});
  here.fold_->begin_commit();
  CHECK_THROWS_AS(here.fold_->fold(commit, 0, {.id = "a"}), std::invalid_argument);
  CHECK_THROWS_AS(here.fold_->fold(commit, 1, {.id = "a"}), std::invalid_argument);
}

TEST_CASE("a row of the store that does not decode is no row, it throws") {
  cache_world here;
  const auto batch = here.store_->make_batch();
  batch->put(view_layout::row_key("bank", "by_hand", "a"), "\1{");
  REQUIRE(here.store_->write(*batch));
  category_events<account_event> commit("bank.account");
  commit.add(one);
  here.fold_->begin_commit();
  CHECK_THROWS_AS(here.fold_->fold(commit, 0, {.id = "a"}), std::runtime_error);
}

TEST_CASE("a projection tells its topic, domain, view and indexes") {
  const auto what = make_projection<by_hand>();
  CHECK(what->topic() == "bank.account");
  CHECK(what->domain() == "bank");
  CHECK(what->view() == "by_hand");
  REQUIRE(what->indexes().size() == 1);
  CHECK(what->indexes()[0].name == "owner");
  CHECK(!what->indexes()[0].integer);
}
