#include <doctest/doctest.h>

#include "test/query/fixture.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {
constexpr auto row = "/v1/views/bank/accounts/alice";
}

TEST_CASE("a row is its JSON, with a strong tag and the position of all partitions that hold anything") {
  fixture bank(4);
  bank.put_row("alice", "eve", 1);
  bank.reach(3, 12);
  bank.reach(1, 0);
  const auto got = bank.ask(row);
  CHECK(got.response.status == 200);
  CHECK(got.response.content_type == "application/json");
  CHECK(got.response.body == R"({"owner":"eve","balance":1})");
  CHECK(got.header("Foldlog-Position") == "bank.account/1@0,bank.account/3@12");
  const auto tag = got.header("ETag").value_or("");
  CHECK((tag.size() > 2 && tag.front() == '"' && tag.back() == '"'));
  bank.put_row("alice", "eve", 2);
  CHECK(bank.ask(row).header("ETag") != tag);
  bank.put_row("alice", "eve", 1);
  CHECK(bank.ask(row).header("ETag") == tag);
}

TEST_CASE("a list tells its position too") {
  fixture bank;
  bank.reach(0, 5);
  CHECK(bank.ask("/v1/views/bank/accounts").header("Foldlog-Position") == "bank.account/0@5");
}

TEST_CASE("a partition of which the view folded nothing is not in the position") {
  fixture bank;
  bank.put_row("alice", "eve", 1);
  bank.reach(0, -1);
  CHECK(bank.ask(row).header("Foldlog-Position") == "");
}

TEST_CASE("who has the row already gets 304 with tag and position and no body") {
  fixture bank;
  bank.put_row("alice", "eve", 1);
  bank.reach(0, 5);
  const auto tag = *bank.ask(row).header("ETag");
  for (const auto& sent : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    CAPTURE(sent);
    const auto got = bank.ask(row, {{"If-None-Match", sent}});
    CHECK(got.response.status == 304);
    CHECK(got.response.body.empty());
    CHECK(got.response.content_type.empty());
    CHECK(got.header("ETag") == tag);
    CHECK(got.header("Foldlog-Position") == "bank.account/0@5");
  }
  CHECK(bank.ask(row, {{"If-None-Match", "\"x\""}}).response.status == 200);
  CHECK(bank.ask(row, {{"If-None-Match", "\"x\""}, {"If-None-Match", tag}}).response.status == 304);
  CHECK(bank.ask("/v1/views/bank/accounts/nobody", {{"If-None-Match", "*"}}).response.status == 404);
}

TEST_CASE("what is not there is not found, by its kind") {
  fixture bank;
  bank.reach(0, 5);
  const auto nobody = bank.ask("/v1/views/bank/accounts/nobody");
  CHECK(nobody.response.status == 404);
  CHECK(nobody.problem() == "no-such-row");
  CHECK(nobody.header("Foldlog-Position") == "bank.account/0@5");
  CHECK(bank.ask("/v1/views/bank/nothing/alice").problem() == "unknown-view");
  CHECK(bank.ask("/v1/views/bank/nothing").problem() == "unknown-view");
  CHECK(bank.ask("/v1/views/bank/_streams/alice").problem() == "unknown-view");
  CHECK(bank.ask("/v1/views/nowhere/accounts/alice").problem() == "unknown-route");
  CHECK(bank.ask("/v1/views/nowhere/accounts").problem() == "unknown-route");
}

TEST_CASE("a key is all that follows the view's name, decoded: 1 to 1024 bytes of UTF-8") {
  fixture bank;
  bank.put_row("a/b c", "eve", 1);
  bank.put_row("\xc3\xa9", "eve", 2);
  bank.put_row(std::string(1024, 'k'), "eve", 3);
  CHECK(bank.ask("/v1/views/bank/accounts/a/b%20c").response.status == 200);
  CHECK(bank.ask("/v1/views/bank/accounts/a%2Fb%20c").response.status == 200);
  CHECK(bank.ask("/v1/views/bank/accounts/%C3%A9").response.status == 200);
  CHECK(bank.ask("/v1/views/bank/accounts/" + std::string(1024, 'k')).response.status == 200);
  CHECK(bank.ask("/v1/views/bank/accounts/" + std::string(1025, 'k')).problem() == "invalid-parameter");
  CHECK(bank.ask("/v1/views/bank/accounts/%C3").problem() == "invalid-parameter");
  CHECK(bank.ask("/v1/views/bank/accounts/%ED%A0%80").problem() == "invalid-parameter");
}

TEST_CASE("a row takes no parameter but the token, and JSON must be acceptable") {
  fixture bank;
  bank.put_row("alice", "eve", 1);
  CHECK(bank.ask(row + std::string("?limit=1")).problem() == "invalid-parameter");
  CHECK(bank.ask(row + std::string("?token=&token=")).problem() == "invalid-parameter");
  CHECK(bank.ask(row, {{"Accept", "text/html"}}).response.status == 406);
  CHECK(bank.ask("/v1/views/bank/accounts", {{"Accept", "text/html"}}).problem() == "not-acceptable");
  CHECK(bank.ask(row, {{"Accept", "text/html, */*;q=0.1"}}).response.status == 200);
}

TEST_CASE("HEAD is answered as GET, and no other method is taken") {
  fixture bank;
  bank.put_row("alice", "eve", 1);
  CHECK(bank.ask(row, {}, http::method::head).response.status == 200);
  CHECK(bank.ask(row, {}, http::method::options).header("Allow").value_or("").contains("GET"));
  CHECK(bank.ask(row, {}, http::method::post).response.status == 405);
}

TEST_CASE("a row, a checkpoint or an index that is damaged is an internal error that tells nothing of the inside") {
  fixture bank;
  bank.put_row("alice", "eve", 1);
  const auto spoil = [&](const std::string& key, bool erase) {
    const auto batch = bank.rows->make_batch();
    erase ? batch->erase(key) : batch->put(key, "\x07spoilt");
    REQUIRE(bank.rows->write(*batch));
  };
  spoil(view_layout::row_key("bank", "accounts", "alice"), false);
  const auto got = bank.ask(row);
  CHECK(got.response.status == 500);
  CHECK(got.problem() == "internal");
  CHECK(got.response.body.contains(R"("instance":")"));
  CHECK(!got.response.body.contains("does not parse"));
  CHECK(bank.ask("/v1/views/bank/accounts").problem() == "internal");
  spoil(view_layout::row_key("bank", "accounts", "alice"), true);
  CHECK(bank.ask("/v1/views/bank/accounts?index=owner").problem() == "internal");
  spoil(view_layout::checkpoint_key("bank", "accounts", {"bank.account", 0}), false);
  CHECK(bank.ask("/v1/views/bank/accounts").problem() == "internal");
}

TEST_CASE("while the store's generation stays, reads show one moment: its rows and its position") {
  std::uint64_t generation = 1;
  fixture bank(2, false, &generation);
  bank.put_row("alice", "eve", 1);
  bank.reach(0, 5);
  const auto seen = [&](std::string_view body, std::string_view position) {
    const auto one = bank.ask(row);
    CHECK(one.response.body == body);
    CHECK(one.header("Foldlog-Position") == position);
    const auto list = bank.ask("/v1/views/bank/accounts");
    CHECK(list.response.body.contains(body));
    CHECK(list.header("Foldlog-Position") == position);
  };
  seen(R"({"owner":"eve","balance":1})", "bank.account/0@5");
  bank.put_row("alice", "eve", 2);
  bank.reach(0, 6);
  seen(R"({"owner":"eve","balance":1})", "bank.account/0@5");
  ++generation;
  seen(R"({"owner":"eve","balance":2})", "bank.account/0@6");
  CHECK(bank.ask("/v1/views/bank/owners/eve").problem() == "no-such-row");
}

TEST_CASE("a moment that nobody reads any more is let go of") {
  std::uint64_t generation = 1;
  fixture bank(2, false, &generation);
  bank.put_row("alice", "eve", 1);
  bank.ask(row);
  bank.ask(row);
  CHECK(bank.alarm.waiting() == 1);
  bank.alarm.advance(std::chrono::seconds(1));
  CHECK(bank.alarm.waiting() == 0);
  bank.put_row("alice", "eve", 2);  // the generation is the same still: what shows is that the old moment is gone
  CHECK(bank.ask(row).response.body == R"({"owner":"eve","balance":2})");
}
