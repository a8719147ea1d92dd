#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "test/query/fixture.h"

using namespace foldlog;
using namespace foldlog::test;
using namespace std::chrono_literals;

namespace {

constexpr auto feed = "/v1/events/bank/account";

std::shared_ptr<fake_stream> subscribe(fixture& bank, const std::string& query = "", const headers& fields = {}) {
  const auto got = bank.ask(feed + query, fields);
  REQUIRE_MESSAGE(got.response.status == 200, got.response.body);
  REQUIRE(got.response.content_type == "text/event-stream");
  REQUIRE(got.response.stream);
  return bank.listen(got);
}

// Claims, voids, doubled records, refusals, proofs and commits of one to three events, over two partitions.
void write_history(fixture& bank) {
  auto& log = bank.script;
  log.commit("alice", {"AccountCreated"});
  log.commit("bob", {"AccountCreated", "DepositMade"});
  log.doubled_commit("carol", {"AccountCreated", "DepositMade", "DepositMade"});
  log.refusal("alice");
  log.open_commit("alice");
  log.claim(log.partition("alice"));
  log.stale_event("alice");
  log.commit("alice", {"DepositMade", "OverdraftEnded"});
  log.proof(log.partition("bob"));
  log.doubled_commit("bob", {"DepositMade"});
  log.open_commit("carol");
  log.claim(log.partition("carol"));
  log.claim(log.partition("carol"));
  log.stale_event("carol");
  log.commit("carol", {"DepositMade"});
  log.commit("dave", {"AccountCreated", "DepositMade"});
  log.commit("erin", {"AccountCreated"});
  log.commit("frank", {"AccountCreated"});
}

// What of these partitions lies behind a token, as `<partition>@<offset> <id>/<version> <type>`.
std::vector<std::string> expected(const fixture& bank, std::int32_t partition, const token& after = {}) {
  std::vector<std::string> texts;
  for (const auto& event : bank.script.events()) {
    if (event.partition != partition || event.offset <= after.find("bank.account", partition)) continue;
    texts.push_back(fmt::format("{}@{} {}/{} {}", partition, raw(event.offset), event.id, event.version, event.type));
  }
  return texts;
}

std::vector<std::string> delivered(const std::vector<sent_event>& events, std::int32_t partition) {
  std::vector<std::string> texts;
  const auto member = [](const std::string& data, const std::string& name) {
    const auto begin = data.find("\"" + name + "\":\"") + name.size() + 4;
    return data.substr(begin, data.find('"', begin) - begin);
  };
  for (const auto& event : events) {
    const auto position = member(event.data, "position");
    if (!position.starts_with(fmt::format("bank.account/{}@", partition))) continue;
    texts.push_back(fmt::format("{} {} {}", position.substr(13), member(event.data, "id"), event.type));
  }
  return texts;
}

}  // namespace

TEST_CASE("an event of a subscription says where to go on, its type, and itself with its stream") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated"});
  const auto got = subscribe(bank);
  CHECK(
      got->text ==
      "id: bank.account/0@1\nevent: bank.AccountCreated.v1\n"
      R"(data: {"stream":"bank/account/alice","type":"bank.AccountCreated.v1","id":"alice/1","version":1,)"
      R"("position":"bank.account/0@1","time":"2026-11-21T09:30:00.123456Z","command_id":"c-1","correlation_id":"c-1",)"
      "\"data\":{\"n\":1}}\n\n");
}

TEST_CASE("from the beginning a subscriber sees each accepted event once, in the order of its partition") {
  fixture bank;
  write_history(bank);
  const auto events = parse_events(subscribe(bank)->text);
  CHECK(events.size() == bank.script.events().size());
  for (const auto partition : {0, 1}) {
    CHECK(!expected(bank, partition).empty());
    CHECK(delivered(events, partition) == expected(bank, partition));
  }
}

TEST_CASE("a subscriber that resumes at any position, with any marks, misses and doubles nothing") {
  for (const std::size_t mark_every : {1, 2, 3, 5, 1000}) {
    fixture bank;
    write_history(bank);
    bank.fold(mark_every);
    const auto end0 = raw(*bank.log.end_offset({0, 0}));
    const auto end1 = raw(*bank.log.end_offset({0, 1}));
    REQUIRE(end0 > 3);
    REQUIRE(end1 > 3);
    for (std::int64_t at0 = -1; at0 < end0 + 2; ++at0) {
      for (std::int64_t at1 = -1; at1 < end1 + 2; ++at1) {
        token after;
        if (at0 >= 0) after.set("bank.account", 0, offset_t{at0});
        if (at1 >= 0) after.set("bank.account", 1, offset_t{at1});
        CAPTURE(mark_every);
        CAPTURE(after.text());
        const auto stream = subscribe(bank, "", {{"Last-Event-ID", after.text()}});
        const auto events = parse_events(stream->text);
        CHECK(delivered(events, 0) == expected(bank, 0, after));
        CHECK(delivered(events, 1) == expected(bank, 1, after));
        stream->closed();
      }
    }
  }
}

TEST_CASE("every id that was sent is a place from which the rest follows") {
  fixture bank;
  write_history(bank);
  bank.fold(3);
  const auto whole = parse_events(subscribe(bank)->text);
  for (std::size_t taken = 0; taken < whole.size(); ++taken) {
    const auto rest = parse_events(subscribe(bank, "", {{"Last-Event-ID", whole[taken].id}})->text);
    CHECK(taken + 1 + rest.size() == whole.size());
    std::set<std::string> seen;
    for (std::size_t i = 0; i <= taken; ++i) seen.insert(whole[i].data);
    for (const auto& event : rest) CHECK(seen.insert(event.data).second);
    CHECK((rest.empty() || rest.back().id == whole.back().id));
  }
}

TEST_CASE("what comes later is sent when it is complete, and the ids keep the positions that the client came with") {
  fixture bank;
  bank.script.commit("alice", {"AccountCreated"});
  const auto other = 1 - bank.script.partition("alice");
  const auto stream = subscribe(bank, fmt::format("?after=bank.account/{}@40", other));
  CHECK(parse_events(stream->text).size() == 1);
  bank.script.open_commit("alice");
  bank.run();
  CHECK(parse_events(stream->text).size() == 1);
  bank.script.claim(bank.script.partition("alice"));
  const auto last = bank.script.commit("alice", {"DepositMade", "DepositMade"});
  bank.run();
  const auto events = parse_events(stream->text);
  REQUIRE(events.size() == 3);
  token expected;
  expected.set("bank.account", other, offset_t{40});
  expected.set("bank.account", 1 - other, last);
  CHECK(events.back().id == expected.text());
}

TEST_CASE("a token ahead of this node waits: nothing is sent again, nothing is refused") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated"});
  bank.fold();
  const auto stream = subscribe(bank, "?after=bank.account/0@3");
  bank.script.commit("alice", {"DepositMade", "DepositMade"});  // at 2 and 3
  bank.run();
  CHECK(stream->text.empty());
  bank.script.commit("alice", {"DepositMade"});
  bank.run();
  const auto events = parse_events(stream->text);
  REQUIRE(events.size() == 1);
  CHECK(events[0].id == "bank.account/0@4");
}

TEST_CASE("Last-Event-ID wins over after") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated"});
  bank.script.commit("alice", {"DepositMade"});
  CHECK(parse_events(subscribe(bank, "?after=bank.account/0@1")->text).size() == 1);
  CHECK(parse_events(subscribe(bank, "?after=bank.account/0@0")->text).size() == 2);
  CHECK(
      parse_events(subscribe(bank, "?after=bank.account/0@0", {{"Last-Event-ID", "bank.account/0@2"}})->text).empty());
  CHECK(
      parse_events(subscribe(bank, "?after=bank.account/0@2", {{"Last-Event-ID", "bank.account/0@0"}})->text).size() ==
      2);
  CHECK(parse_events(subscribe(bank, "?after=nonsense", {{"Last-Event-ID", "bank.account/0@2"}})->text).empty());
}

TEST_CASE("only the types that were asked for are sent") {
  fixture bank;
  write_history(bank);
  const auto count = [&](const std::string& types) {
    return parse_events(subscribe(bank, "?types=" + types)->text).size();
  };
  const auto all = bank.script.events().size();
  CHECK(count("bank.AccountCreated.v1") == 6);
  CHECK(count("bank.OverdraftEnded.v1") == 1);
  CHECK(count("bank.OverdraftEnded.v1,bank.AccountCreated.v1") == 7);
  CHECK(count("bank.OverdraftEnded.v1,bank.AccountCreated.v1,bank.DepositMade.v1") == all);
  for (const std::string types : {"", "bank.Nothing.v1", "bank.DepositMade", "bank.DepositMade.v1,",
                                  "bank.DepositMade.v2", "bank.DepositMade.v1,%20bank.AccountCreated.v1"}) {
    CAPTURE(types);
    CHECK(bank.ask(feed + ("?types=" + types)).problem() == "invalid-parameter");
  }
}

TEST_CASE("what a subscription does not take") {
  fixture bank;
  for (const std::string after :
       {"x", "bank.account/0", "bank.account/2@0", "bank.nothing/0@1", "bank.account/0@1,bank.account/0@2"}) {
    CAPTURE(after);
    CHECK(bank.ask(feed + ("?after=" + after)).problem() == "invalid-token");
    CHECK(bank.ask(feed, {{"Last-Event-ID", after}}).problem() == "invalid-token");
  }
  CHECK(bank.ask("/v1/events/bank/nothing").problem() == "unknown-route");
  CHECK(bank.ask("/v1/events/nowhere/account").problem() == "unknown-route");
  CHECK(bank.ask(feed + std::string("?token=bank.account/0@0")).problem() == "invalid-parameter");
  CHECK(bank.ask(feed, {{"Accept", "application/json"}}).problem() == "not-acceptable");
  CHECK(bank.ask(feed, {{"Accept", "text/event-stream"}}).response.status == 200);
  const auto head = bank.ask(feed, {}, http::method::head);
  CHECK(head.response.status == 200);
  CHECK(!head.response.stream);
}

TEST_CASE("positions in other topics of the node are taken and left out") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated"});
  const auto events = parse_events(subscribe(bank, "?after=trade.order/0@9")->text);
  REQUIRE(events.size() == 1);
  CHECK(events[0].id == "bank.account/0@1");
}

TEST_CASE("a comment is sent every 15 seconds, whether or not there are events") {
  fixture bank(1);
  const auto stream = subscribe(bank);
  const auto comments = [&] {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = stream->text.find(": still here\n\n", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  bank.alarm.advance(14999ms);
  CHECK(stream->text.empty());
  bank.alarm.advance(1ms);
  CHECK(comments() == 1);
  bank.script.commit("alice", {"AccountCreated"});
  bank.run();
  bank.alarm.advance(15s);
  CHECK(comments() == 2);
  CHECK(parse_events(stream->text).size() == 1);
  stream->closed();
  bank.alarm.advance(15s);
  CHECK(comments() == 2);
  CHECK(bank.alarm.waiting() == 0);
}

TEST_CASE("a client that does not take what it is sent is sent no more until it does") {
  fixture bank(1);
  for (int i = 0; i < 20'000; ++i) bank.script.commit("alice", {"DepositMade"});
  const auto stream = bank.listen(bank.ask(feed), true);
  const auto first = stream->text.size();
  CHECK(first > 0);
  CHECK(first < 1U << 20);
  bank.alarm.advance(15s);
  bank.run();
  CHECK(stream->text.size() == first);
  stream->holds_back = false;
  stream->untaken = 0;
  stream->drained();
  stream->drained();
  bank.run();
  const auto events = parse_events(stream->text);
  REQUIRE(events.size() == 20'000);
  CHECK(events.back().id == "bank.account/0@20000");
}

TEST_CASE("a damaged partition is left at the damage, the others flow on") {
  fixture bank;
  bank.script.commit("alice", {"AccountCreated"});
  const auto broken = bank.script.partition("alice");
  bank.script.damage(broken);
  bank.script.commit("alice", {"DepositMade"});
  const auto stream = subscribe(bank);
  CHECK(parse_events(stream->text).size() == 1);
  std::string elsewhere = "b";
  while (bank.script.partition(elsewhere) == broken) elsewhere += 'b';
  bank.script.commit("alice", {"DepositMade"});
  bank.script.commit(elsewhere, {"AccountCreated"});
  bank.run();
  CHECK(parse_events(stream->text).size() == 2);
}

TEST_CASE("bytes that do not decode end the subscription") {
  fixture bank(1);
  bank.script.commit("alice", {"AccountCreated"});
  bank.log.corrupt({0, 0}, offset_t{1});
  CHECK(subscribe(bank)->ended);
}

TEST_CASE("a client that leaves takes its subscription with it") {
  fixture bank(1);
  const auto stream = subscribe(bank);
  stream->closed();
  bank.script.commit("alice", {"AccountCreated"});
  bank.run();
  CHECK(stream->text.empty());
  stream->closed = {};
  stream->drained = {};
  CHECK(stream.use_count() == 1);
  CHECK(bank.alarm.waiting() == 0);
}
