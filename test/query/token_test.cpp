#include <doctest/doctest.h>

#include "test/query/fixture.h"

using namespace foldlog;
using namespace foldlog::test;
using namespace std::chrono_literals;

namespace {

constexpr auto row = "/v1/views/bank/accounts/alice";

void put_alice(fixture& bank) {
  bank.put_row("alice", "eve", 1);
  bank.reach(0, 7);
}

}  // namespace

TEST_CASE("a token that the view reflects already is answered at once") {
  fixture bank;
  put_alice(bank);
  for (const std::string token : {"bank.account/0@7", "bank.account/0@0", ""}) {
    CAPTURE(token);
    CHECK((*bank.send(row, {{"Foldlog-Token", token}}))->response.status == 200);
    CHECK((*bank.send(row + ("?token=" + token)))->response.status == 200);
  }
  CHECK(bank.alarm.waiting() == 0);
}

TEST_CASE("a token ahead waits until the view has reached it, then reads what is there then") {
  fixture bank;
  put_alice(bank);
  const auto got = bank.send(row, {{"Foldlog-Token", "bank.account/0@9,bank.account/1@2"}});
  bank.run();
  CHECK(!got->has_value());
  bank.put_row("alice", "eve", 2);
  bank.reach(0, 9);
  bank.run();
  CHECK(!got->has_value());
  bank.reach(1, 3);
  bank.run();
  REQUIRE(got->has_value());
  CHECK((*got)->response.body == R"({"owner":"eve","balance":2})");
  CHECK((*got)->header("Foldlog-Position") == "bank.account/0@9,bank.account/1@3");
  CHECK(bank.alarm.waiting() == 0);
  bank.alarm.advance(60s);  // and the time that has passed changes nothing
  bank.run();
}

TEST_CASE("after the wait the answer says how far the view is") {
  fixture bank;
  put_alice(bank);
  for (const std::string target : {row, "/v1/views/bank/accounts", "/v1/views/bank/accounts/nobody"}) {
    const auto got = bank.send(target, {{"Foldlog-Token", "bank.account/0@8"}, {"Prefer", "wait=3"}});
    bank.alarm.advance(2999ms);
    bank.run();
    CHECK(!got->has_value());
    bank.alarm.advance(1ms);
    bank.run();
    REQUIRE(got->has_value());
    CHECK((*got)->response.status == 503);
    CHECK((*got)->problem() == "projection-behind");
    CHECK((*got)->header("Retry-After").has_value());
    CHECK((*got)->response.body.contains(R"(,"position":"bank.account/0@7"})"));
  }
  bank.reach(0, 8);  // late: nobody is answered twice
  bank.run();
}

TEST_CASE("the wait is five seconds when nothing is preferred, thirty at most, and none when none is wanted") {
  fixture bank;
  put_alice(bank);
  const auto waits = [&](const headers& fields, std::chrono::milliseconds time) {
    auto with_token = fields;
    with_token.emplace_back("Foldlog-Token", "bank.account/0@8");
    const auto got = bank.send(row, with_token);
    bank.alarm.advance(time - 1ms);
    CHECK(!got->has_value());
    bank.alarm.advance(1ms);
    CHECK(got->has_value());
  };
  waits({}, 5s);
  waits({{"Prefer", "wait=soon"}}, 5s);
  waits({{"Prefer", "wait=100"}}, 30s);
  CHECK((*bank.send(row, {{"Foldlog-Token", "bank.account/0@8"}, {"Prefer", "wait=0"}}))->response.status == 503);
}

TEST_CASE("a halted view with a token beyond it waits and says that it is behind") {
  fixture bank;
  put_alice(bank);
  const auto handle = bank.progress.add("bank", "accounts", {"bank.account", 5});
  bank.progress.update(handle, [](progress::entry& entry) { entry.state = fold_state::halted; });
  const auto got = bank.send(row, {{"Foldlog-Token", "bank.account/1@0"}});
  CHECK(!got->has_value());
  bank.alarm.advance(5s);
  REQUIRE(got->has_value());
  CHECK((*got)->problem() == "projection-behind");
}

TEST_CASE("what is no token of this view is an invalid one") {
  fixture bank;
  put_alice(bank);
  for (const std::string token : {"x", "bank.account", "bank.account/0", "bank.account/0@", "bank.account/0@-1",
                                  "bank.account/0@1,", "bank.account/0@1,bank.account/0@1", "bank.account/2@0",
                                  "trade.order/0@0", "bank.nothing/0@0", "bank.account/0@99999999999999999999"}) {
    CAPTURE(token);
    CHECK(bank.ask(row, {{"Foldlog-Token", token}}).problem() == "invalid-token");
    CHECK(bank.ask(row + ("?token=" + token)).problem() == "invalid-token");
    CHECK(bank.ask("/v1/views/bank/accounts?token=" + token).problem() == "invalid-token");
  }
}

TEST_CASE("a token in header and query must be the same") {
  fixture bank;
  put_alice(bank);
  const auto both = [&](const std::string& header, const std::string& query) {
    return bank.ask(row + ("?token=" + query), {{"Foldlog-Token", header}}).response.status;
  };
  CHECK(both("bank.account/0@7", "bank.account/0@7") == 200);
  CHECK(both("bank.account/0@7", "bank.account/0@6") == 400);
  CHECK(both("bank.account/0@7", "x") == 400);
  CHECK(both("bank.account/0@7", "") == 400);
  const headers twice = {{"Foldlog-Token", "bank.account/0@7"}, {"Foldlog-Token", "bank.account/0@6"}};
  CHECK(bank.ask(row, twice).problem() == "invalid-token");
}

TEST_CASE("a read that waits ends with the server, without an answer") {
  std::weak_ptr<std::optional<answer>> left;
  {
    fixture bank;
    put_alice(bank);
    left = bank.send(row, {{"Foldlog-Token", "bank.account/0@8"}});
    CHECK(bank.alarm.waiting() == 1);
  }
  CHECK(left.expired());
}
