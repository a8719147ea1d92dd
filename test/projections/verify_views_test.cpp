#include <doctest/doctest.h>

#include "core/store/view_layout.h"
#include "projections/verify_views.h"
#include "test/projections/fixture.h"

using namespace foldlog;
using namespace foldlog::bank;
using namespace foldlog::test;

namespace {

struct verified_world : bank_world {
  verified_world() : bank_world(4) {
    writer.claim_all();
    write_bank(writer, 30, 600);
    fold_all();
  }
  [[nodiscard]] result<verify_report> verify() {
    return verify_views(log, projections(), *store->snapshot(), *make_memory_store(), {});
  }
  void put(const std::string& key, const std::string& value) {
    const auto batch = store->make_batch();
    batch->put(key, value);
    REQUIRE(store->write(*batch));
  }
  void erase(const std::string& key) {
    const auto batch = store->make_batch();
    batch->erase(key);
    REQUIRE(store->write(*batch));
  }
};

}  // namespace

TEST_CASE("a store that was folded from the log has no differences, also when the log has grown since") {
  verified_world here;
  here.writer.commit("late", {account_created{"eve", "EUR", 0}});
  const auto report = here.verify();
  REQUIRE_MESSAGE(report, report.error().text);
  CHECK(report->differences == 0);
  CHECK(report->views.size() == 4);
  for (const auto& view : report->views) {
    if (view.view == "accounts") CHECK(view.rows == 30);
    CHECK(view.position.text() == folded_position(*here.store->snapshot(), "bank", view.view)->text());
  }
}

TEST_CASE("one altered row is found, with what it is and what it should be") {
  verified_world here;
  const auto before = here.rows("accounts").at("account-7");
  auto altered = before;
  altered.replace(altered.find("\"owner\":\"owner"), 14, "\"owner\":\"OWNER");
  here.put(view_layout::row_key("bank", "accounts", "account-7"), view_layout::json_row(altered));
  const auto report = here.verify();
  REQUIRE(report);
  CHECK(report->differences == 1);
  REQUIRE(report->first_differences.size() == 1);
  const auto& found = report->first_differences[0];
  CHECK(found.view == "accounts");
  CHECK(found.key == "account-7");
  CHECK(found.expected == before);
  CHECK(found.found == altered);
}

TEST_CASE("a lost row, a row too many, a lost index entry, an altered private row, a lost stream entry are found") {
  verified_world here;
  here.erase(view_layout::row_key("bank", "owners", "owner 1"));
  here.put(view_layout::row_key("bank", "owners", "nobody"), view_layout::json_row("{}"));
  CHECK(here.verify()->differences == 2);
  here.erase(view_layout::index_key("bank", "accounts", "owner", "owner 1", "account-1"));
  CHECK(here.verify()->differences == 3);
  here.put(view_layout::private_key("bank", "owners", "owner_of", "account-1"), R"({"owner":"x"})");
  CHECK(here.verify()->differences == 4);
  here.erase(view_layout::stream_key("bank", "account", "account-1", version_t{1}));
  const auto report = here.verify();
  CHECK(report->differences == 5);
  CHECK(report->first_differences.size() == 5);
}

TEST_CASE("views that stand at different positions are each compared at their own") {
  bank_world here(2);
  here.writer.claim_all();
  write_bank(here.writer, 10, 100);
  here.fold_all({projections()[0]});
  write_bank(here.writer, 0, 0);
  here.writer.commit("late", {account_created{"eve", "EUR", 0}});
  here.fold_all({projections()[1], projections()[2]});
  const auto report = verify_views(here.log, projections(), *here.store->snapshot(), *make_memory_store(), {});
  REQUIRE_MESSAGE(report, report.error().text);
  CHECK(report->differences == 0);
}

TEST_CASE("a store that is ahead of its log is told") {
  verified_world here;
  bank_world cut(4);
  cut.writer.claim_all();
  const auto report = verify_views(cut.log, projections(), *here.store->snapshot(), *make_memory_store(), {});
  REQUIRE(!report);
  CHECK(report.error().kind == error_kind::damaged);
}
