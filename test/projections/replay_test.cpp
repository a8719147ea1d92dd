#include <doctest/doctest.h>

#include "core/base/hash.h"
#include "core/store/view_layout.h"
#include "projections/replay.h"
#include "test/projections/fixture.h"

using namespace foldlog;
using namespace foldlog::bank;
using namespace foldlog::test;

namespace {

std::string text(const replay_report& report) {
  std::string all;
  for (const auto& view : report.views) {
    all += view.view + " " + std::to_string(view.rows) + " " + view.digest + " " + view.position.text() + "\n";
  }
  return all;
}

struct wide_world : bank_world {
  wide_world() : bank_world(8) {
    writer.claim_all();
    write_bank(writer, 100, 6000);
    for (std::int32_t i = 0; i < 8; ++i) writer.repeat_last(i);
  }
};

}  // namespace

TEST_CASE("the digest of a view is SHA-256 over its canonical rows, in byte order of the keys") {
  const auto rows = make_memory_store();
  const auto batch = rows->make_batch();
  batch->put(view_layout::row_key("d", "v", "b"), view_layout::json_row(R"({"z":1,"a":"\u00e9"})"));
  batch->put(view_layout::row_key("d", "v", "a\"b"), view_layout::json_row(R"({ "n" : 9007199254740993 })"));
  REQUIRE(rows->write(*batch));
  sha256 expected;
  expected.update("\"a\\\"b\"\t{\"n\":9007199254740993}\n\"b\"\t{\"a\":\"\xc3\xa9\",\"z\":1}\n");
  const auto digest = digest_view(*rows->snapshot(), "d", "v");
  REQUIRE(digest);
  CHECK(digest->rows == 2);
  CHECK(digest->digest == expected.finish());
  CHECK(digest_view(*rows->snapshot(), "d", "empty")->digest ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("a replay with 1, 2, 3 and 20 threads gives the digests of the live fold") {
  wide_world here;
  here.fold_all();
  std::string first;
  for (const unsigned threads : {1U, 2U, 3U, 20U}) {
    const auto into = make_memory_store();
    replay_options options;
    options.threads = threads;
    const auto report = replay(here.log, projections(), *into, options);
    REQUIRE_MESSAGE(report, report.error().text);
    if (first.empty()) first = text(*report);
    CHECK(text(*report) == first);
    CHECK(report->total.events >= 6000);
    CHECK(report->total.fraction() == 1);
  }
  for (const auto* view : {"accounts", "owners", "turnover"}) {
    CHECK(first.find(digest_view(*here.store->snapshot(), "bank", view)->digest) != std::string::npos);
    CHECK(first.find(folded_position(*here.store->snapshot(), "bank", view)->text()) != std::string::npos);
  }
}

TEST_CASE("a replay into RocksDB gives the same rows, also after it was closed, and a runner goes on from there") {
  wide_world here;
  here.fold_all();
  const scratch_folder folder;
  store_options options;
  options.folder = folder / "replayed";
  options.bulk_load = true;
  {
    const auto into = std::move(open_store(options).value());
    replay_options how;
    how.threads = 2;
    how.fold.cache_bytes = 200'000;  // many batches
    REQUIRE(replay(here.log, projections(), *into, how));
  }
  options.bulk_load = false;
  here.writer.commit("late", {account_created{"eve", "EUR", 0}});
  const auto into = std::move(open_store(options).value());
  progress progress;
  runner running(here.log, *into, projections(), progress, here.clock);
  fold_to_end(running);
  for (const auto& entry : progress.entries()) CHECK_MESSAGE(entry.state == fold_state::running, entry.reason);
  here.fold_all();
  for (const auto* view : {"accounts", "owners", "turnover"}) {
    CHECK(rows_of(*into, "bank", view) == rows_of(*here.store, "bank", view));
  }
}

TEST_CASE("a replay to a token folds up to and with its offsets, and the other partitions to their end") {
  bank_world here(2);
  here.writer.claim_all();
  const auto place = here.writer.partition("alice");
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.commit("alice", {deposit_made{1, 1, {}}});
  here.writer.commit("alice", {withdrawal_made{2, -1, {}}, overdraft_started{-1}});
  here.writer.commit("alice", {deposit_made{1, 0, {}}, overdraft_ended{}});
  const auto deposits_at = [&](std::int64_t offset) {
    const auto into = make_memory_store();
    replay_options options;
    options.to.set("bank.account", place, offset_t{offset});
    const auto report = replay(here.log, projections(), *into, options);
    REQUIRE_MESSAGE(report, report.error().text);
    CHECK(report->views[1].position.find("bank.account", 1 - place) == offset_t{0});
    const auto rows = rows_of(*into, "bank", "owners");
    return std::pair(rows.empty() ? "" : rows.at("eve"), raw(report->views[1].position.find("bank.account", place)));
  };
  CHECK(deposits_at(0) == std::pair(std::string(), std::int64_t{0}));
  CHECK(deposits_at(2) ==
        std::pair(std::string(R"({"owner":"eve","accounts":1,"closed":0,"deposits":1,"withdrawals":0})"),
                  std::int64_t{2}));
  CHECK(deposits_at(3).second == 2);  // within a commit: the commit is not folded
  CHECK(deposits_at(4) ==
        std::pair(std::string(R"({"owner":"eve","accounts":1,"closed":0,"deposits":1,"withdrawals":1})"),
                  std::int64_t{4}));
}

TEST_CASE("a replay refuses a token that is none of this log, and a store that is not empty") {
  bank_world here(2);
  here.writer.claim_all();
  for (const auto* bad : {"bank.account/2@0", "bank.other/0@0", "bank.account/0@1"}) {
    replay_options options;
    options.to = token::parse(bad).value();
    const auto report = replay(here.log, projections(), *make_memory_store(), options);
    REQUIRE(!report);
    CHECK(report.error().kind == error_kind::invalid);
  }
  here.fold_all();
  CHECK(replay(here.log, projections(), *here.store, {}).error().kind == error_kind::invalid);
}

TEST_CASE("an empty log replays to empty views") {
  bank_world here;
  const auto into = make_memory_store();
  const auto report = replay(here.log, projections(), *into, {});
  REQUIRE(report);
  CHECK(report->views.size() == 3);
  CHECK(report->views[0].rows == 0);
  CHECK(report->views[0].position.text().empty());
}

TEST_CASE("a replay tells damage, and a projection's exception, with their place") {
  bank_world here(1);
  here.writer.claim_all();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  here.writer.set_version("alice", 5);
  here.writer.commit("alice", {deposit_made{1, 1, {}}});
  const auto damaged = replay(here.log, projections(), *make_memory_store(), {});
  REQUIRE(!damaged);
  CHECK(damaged.error().kind == error_kind::damaged);
  CHECK(damaged.error().text.find("bank.account/0@2") != std::string::npos);

  bank_world there(1);
  there.writer.claim_all();
  there.writer.commit("ghost", {deposit_made{1, 1, {}}});
  const auto thrown = replay(there.log, projections(), *make_memory_store(), {});
  REQUIRE(!thrown);
  CHECK(thrown.error().kind == error_kind::internal);
  CHECK(thrown.error().text.find("bank.account/0@1") != std::string::npos);
}

TEST_CASE("a replay can be cancelled") {
  wide_world here;
  replay_options options;
  options.cancelled = [] { return true; };
  const auto report = replay(here.log, projections(), *make_memory_store(), options);
  CHECK((report || report.error().kind == error_kind::cancelled));
}
