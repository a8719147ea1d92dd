#include <doctest/doctest.h>
#include <fmt/format.h>

#include "test/query/fixture.h"

using namespace foldlog;
using namespace foldlog::test;
using namespace std::chrono_literals;

namespace {

constexpr auto alice = "/v1/streams/bank/account/alice";

// The versions on a page, and what comes next: `1,2 -> 3`.
std::string page(fixture& bank, const std::string& target) {
  const auto got = bank.ask(target);
  const auto& body = got.response.body;
  CHECK_MESSAGE(got.response.status == 200, body);
  std::string versions;
  constexpr std::string_view mark = R"(","version":)";
  for (auto at = body.find("\"events\":["); (at = body.find(mark, at)) != std::string::npos;) {
    at += mark.size();
    versions += (versions.empty() ? "" : ",") + body.substr(at, body.find(',', at) - at);
  }
  const auto next = body.rfind("\"next\":") + 7;
  return versions + " -> " + body.substr(next, body.size() - next - 1);
}

}  // namespace

TEST_CASE("a stream is its events with all that is known of them, from the log or from the table") {
  for (const bool held : {false, true}) {
    CAPTURE(held);
    fixture bank(2, held);
    bank.script.commit("alice", {"AccountCreated"});
    const auto last = bank.script.commit("alice", {"DepositMade", "OverdraftEnded"});
    bank.fold();
    const auto got = bank.ask(alice);
    CHECK(got.response.status == 200);
    CHECK(got.response.content_type == "application/json");
    const auto event = [&](int version, std::string_view type, offset_t offset) {
      return fmt::format(
          R"({{"type":"bank.{}.v1","id":"alice/{}","version":{},"position":"bank.account/{}@{}",)"
          R"("time":"2026-11-21T09:30:00.123456Z","command_id":"c-{}","correlation_id":"c-{}","data":{{"n":{}}}}})",
          type, version, version, bank.script.partition("alice"), raw(offset), version, version, version);
    };
    CHECK(got.response.body ==
          fmt::format(R"({{"stream":"bank/account/alice","version":3,"events":[{},{},{}],"next":null}})",
                      event(1, "AccountCreated", last - 2), event(2, "DepositMade", last - 1),
                      event(3, "OverdraftEnded", last)));
  }
}

TEST_CASE("pages of a stream whose events stand among others in the log, and twice") {
  for (const bool held : {false, true}) {
    CAPTURE(held);
    fixture bank(1, held);
    bank.script.commit("alice", {"AccountCreated", "DepositMade"});
    bank.script.commit("bob", {"AccountCreated"});
    bank.script.doubled_commit("alice", {"DepositMade", "OverdraftEnded"});
    bank.script.claim(0);
    bank.script.stale_event("alice");
    bank.script.commit("alice", {"DepositMade"});
    bank.fold();
    CHECK(page(bank, alice) == "1,2,3,4,5 -> null");
    CHECK(page(bank, alice + std::string("?limit=2")) == "1,2 -> 3");
    CHECK(page(bank, alice + std::string("?limit=2&from_version=3")) == "3,4 -> 5");
    CHECK(page(bank, alice + std::string("?limit=2&from_version=5")) == "5 -> null");
    CHECK(page(bank, alice + std::string("?limit=5")) == "1,2,3,4,5 -> null");
    CHECK(page(bank, alice + std::string("?from_version=6")) == " -> null");
    CHECK(page(bank, alice + std::string("?from_version=18446744073709551615")) == " -> null");
    CHECK(page(bank, alice + std::string("?from_version=99999999999999999999999")) == " -> null");
  }
}

TEST_CASE("an open commit is not shown, and neither is a version inside one") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated"});
  bank.script.open_commit("alice");
  bank.fold();
  CHECK(bank.ask(alice).response.body.starts_with(R"({"stream":"bank/account/alice","version":1,)"));
  CHECK(page(bank, alice) == "1 -> null");
}

TEST_CASE("the state of a stream at any version, the newest when none is named") {
  for (const bool held : {false, true}) {
    fixture bank(1, held);
    bank.script.commit("alice", {"AccountCreated"});
    bank.script.commit("bob", {"AccountCreated"});
    bank.script.commit("alice", {"DepositMade", "DepositMade"});
    bank.fold();
    const auto state = [&](const std::string& query) {
      return bank.ask("/v1/streams/bank/account/alice/state" + query).response.body;
    };
    CHECK(state("") == R"({"stream":"bank/account/alice","version":3,"state":{"folded":[1,2,3]}})");
    CHECK(state("?version=3") == state(""));
    CHECK(state("?version=2") == R"({"stream":"bank/account/alice","version":2,"state":{"folded":[1,2]}})");
    CHECK(state("?version=1") == R"({"stream":"bank/account/alice","version":1,"state":{"folded":[1]}})");
    for (const std::string version : {"0", "4", "-1", "x", "", "1.0", "99999999999999999999999"}) {
      CAPTURE(version);
      const auto got = bank.ask("/v1/streams/bank/account/alice/state?version=" + version);
      CHECK(got.response.status == 400);
      CHECK(got.problem() == "invalid-parameter");
    }
  }
}

TEST_CASE("a long stream is folded in steps, in order") {
  fixture bank(1);
  std::string all = "1";
  bank.script.commit("alice", {"AccountCreated"});
  for (int version = 2; version <= 1203; ++version) {
    bank.script.commit(version % 7 == 0 ? "bob" : "alice", {"DepositMade"});
    if (version % 7 == 0) bank.script.commit("alice", {"DepositMade"});
    all += fmt::format(",{}", version);
  }
  bank.fold();
  CHECK(bank.ask("/v1/streams/bank/account/alice/state").response.body ==
        fmt::format(R"({{"stream":"bank/account/alice","version":1203,"state":{{"folded":[{}]}}}})", all));
  CHECK(page(bank, "/v1/streams/bank/account/alice?limit=1000&from_version=204").ends_with(",1203 -> null"));
}

TEST_CASE("what a stream read does not take") {
  fixture bank;
  bank.script.commit("alice", {"AccountCreated"});
  bank.fold();
  const auto problem = [&](const std::string& target) { return bank.ask("/v1/streams/" + target).problem(); };
  for (const std::string end : {"", "/state"}) {
    CAPTURE(end);
    CHECK(problem("bank/account/nobody" + end) == "no-such-stream");
    CHECK(problem("bank/nothing/alice" + end) == "unknown-route");
    CHECK(problem("nowhere/account/alice" + end) == "unknown-route");
    CHECK(problem("bank/account/a%20b" + end) == "invalid-id");
    CHECK(problem("bank/account/.." + end) == "invalid-id");
    CHECK(problem("bank/account/a%2Fb" + end) == "invalid-id");
    CHECK(problem("bank/account/" + std::string(128, 'x') + end) == "no-such-stream");
    CHECK(problem("bank/account/" + std::string(129, 'x') + end) == "invalid-id");
    CHECK(problem("bank/account/alice" + end + "?x=1") == "invalid-parameter");
    CHECK(bank.ask("/v1/streams/bank/account/alice" + end, {{"Accept", "text/html"}}).response.status == 406);
  }
  for (const std::string query : {"from_version=0", "from_version=-1", "from_version=", "from_version=x", "limit=0",
                                  "limit=1001", "version=1", "limit=1&limit=1"}) {
    CAPTURE(query);
    CHECK(problem("bank/account/alice?" + query) == "invalid-parameter");
  }
  CHECK(problem("bank/account/nobody?limit=0") == "invalid-parameter");
}

TEST_CASE("a token is honoured on stream reads as on views") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated"});
  bank.fold();
  const auto last = bank.script.commit("alice", {"DepositMade"});
  const headers token = {{"Foldlog-Token", fmt::format("bank.account/0@{}", raw(last))}};
  CHECK(page(bank, alice) == "1 -> null");
  const auto events = bank.send(alice, token);
  const auto state = bank.send(alice + std::string("/state"), token);
  bank.run();
  CHECK(!events->has_value());
  CHECK(!state->has_value());
  bank.fold();
  bank.run();
  REQUIRE(events->has_value());
  REQUIRE(state->has_value());
  CHECK((*events)->response.body.contains(R"("version":2,"events")"));
  CHECK((*events)->header("Foldlog-Position") == fmt::format("bank.account/0@{}", raw(last)));
  CHECK((*state)->response.body.contains(R"("folded":[1,2])"));
  const auto behind = bank.send(alice, {{"Foldlog-Token", "bank.account/0@99"}});
  bank.alarm.advance(5s);
  REQUIRE(behind->has_value());
  CHECK((*behind)->problem() == "projection-behind");
  CHECK((*behind)->response.body.contains(fmt::format(R"("position":"bank.account/0@{}")", raw(last))));
  CHECK(bank.ask(alice, {{"Foldlog-Token", "bank.account/1@0"}}).problem() == "invalid-token");
  CHECK(bank.ask(alice, {{"Foldlog-Token", "trade.order/0@0"}}).problem() == "invalid-token");
}

TEST_CASE("a stream table that does not agree with the log is damage, not an answer") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated", "DepositMade"});
  bank.script.commit("bob", {"AccountCreated"});
  bank.fold();
  const auto put = [&](std::uint64_t version, std::int64_t offset) {
    const auto batch = bank.rows->make_batch();
    const auto key = view_layout::stream_key("bank", "account", "alice", version_t{version});
    offset < 0 ? batch->erase(key) : batch->put(key, view_layout::stream_entry{offset_t{offset}, {}}.encode());
    REQUIRE(bank.rows->write(*batch));
  };
  put(2, 3);  // bob's
  CHECK(bank.ask(alice).problem() == "internal");
  put(2, 1);  // version 1
  CHECK(bank.ask(alice).problem() == "internal");
  put(2, 2);
  CHECK(bank.ask(alice).response.status == 200);
  put(1, -1);  // a gap
  CHECK(bank.ask(alice).problem() == "internal");
  CHECK(bank.ask(alice + std::string("/state")).problem() == "internal");
  put(1, 1);
  bank.log.corrupt({0, 0}, offset_t{2});
  CHECK(bank.ask(alice).problem() == "internal");
}
