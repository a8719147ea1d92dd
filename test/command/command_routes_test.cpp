// One command over HTTP: API.md section 2, "Commands" and "Problems".
#include <doctest/doctest.h>

#include <algorithm>

#include "command/command_head.h"
#include "routes_rig.h"

namespace foldlog::test {
namespace {

const std::string base = "/v1/commands/bank/account/";
const std::string create = R"({"owner":"Ann","currency":"EUR"})";

struct open_account : routes_rig {
  explicit open_account(bool shared = false) : routes_rig(shared) {
    REQUIRE(post(base + "alice/CreateAccount", create, {{"Idempotency-Key", "c1"}}).status == 200);
  }
  http::response deposit(sent_headers headers, std::string body = R"({"amount":5})") {
    return post(base + "alice/Deposit", body, std::move(headers));
  }
  std::string problem_of(sent_headers headers) {
    const auto before = end();
    const auto answer = deposit(std::move(headers));
    if (!kind_of(answer.body).empty()) CHECK(end() == before);
    return kind_of(answer.body);
  }
};

}  // namespace

TEST_CASE("an applied command answers with its events, byte for byte as documented") {
  routes_rig rig;
  const auto made = rig.post(base + "alice/CreateAccount", create, {{"Idempotency-Key", "c1"}});
  CHECK(made.status == 200);
  CHECK(made.content_type == "application/json");
  CHECK(made.fields == "ETag: \"1\"\r\nFoldlog-Token: bank.account/0@1\r\n");
  CHECK(made.body ==
        R"({"command_id":"c1","stream":"bank/account/alice","version":1,"token":"bank.account/0@1","events":[)"
        R"({"type":"bank.AccountCreated.v1","id":"alice/1","version":1,"position":"bank.account/0@1",)"
        R"("data":{"owner":"Ann","currency":"EUR","overdraft_limit":0}}]})");
  CHECK_FALSE(made.close);
}

TEST_CASE("a command of two events answers with both, its ETag and token are those of the last") {
  routes_rig rig;
  rig.post(base + "bob/CreateAccount", R"({"owner":"Bob","currency":"EUR","overdraft_limit":100})");
  const auto answer =
      rig.post(base + "bob/Withdraw", R"({"amount":30,"reference":"a\"b\u00e9"})", {{"Idempotency-Key", "w"}});
  CHECK(answer.fields == "ETag: \"3\"\r\nFoldlog-Token: bank.account/0@3\r\n");
  CHECK(
      answer.body ==
      R"({"command_id":"w","stream":"bank/account/bob","version":3,"token":"bank.account/0@3","events":[)"
      R"({"type":"bank.WithdrawalMade.v1","id":"bob/2","version":2,"position":"bank.account/0@2",)"
      R"("data":{"amount":30,"balance":-30,"reference":"a\"bé"}},)"
      R"({"type":"bank.OverdraftStarted.v1","id":"bob/3","version":3,"position":"bank.account/0@3","data":{"balance":-30}}]})");
}

TEST_CASE("the server makes a command id, a UUID of version 7, when none is sent") {
  routes_rig rig;
  const auto answer = rig.post(base + "alice/CreateAccount", create);
  const auto id = answer.body.substr(15, 36);
  CHECK(answer.body.starts_with(R"({"command_id":")"));
  CHECK(id[14] == '7');
  CHECK(rig.record_at(1).items.at(0).record.command_id == id);
}

TEST_CASE("a repeat answers byte for byte as the first time, also on another node with and without the rows") {
  for (const bool shared : {false, true}) {
    CAPTURE(shared);
    routes_rig rig(shared);
    const auto send = [&rig] {
      return rig.post(base + "alice/CreateAccount", create, {{"Idempotency-Key", "c1"}, {"If-None-Match", "*"}});
    };
    const auto first = send();
    rig.post(base + "alice/Deposit", R"({"amount":5})");
    for (const int round : {0, 1, 2}) {
      CAPTURE(round);
      const auto again = send();
      CHECK(again.status == 200);
      CHECK(again.body == first.body);
      CHECK(field(again, "ETag") == field(first, "ETag"));
      CHECK(field(again, "Foldlog-Token") == field(first, "Foldlog-Token"));
      CHECK(field(again, "Idempotent-Replayed") == "true");
      CHECK_FALSE(field(first, "Idempotent-Replayed"));
      rig.restart(round == 0);
    }
  }
}

TEST_CASE(
    "the same id with another command, data or condition is refused; the same data written otherwise is the same") {
  open_account rig;
  const auto kind = [&rig](sent_headers headers, std::string body) {
    return kind_of(rig.deposit(std::move(headers), std::move(body)).body);
  };
  CHECK(kind({{"Idempotency-Key", "d1"}}, R"({"amount":5,"reference":"r"})") == "");
  CHECK(kind({{"Idempotency-Key", "d1"}}, R"({ "reference" : "\u0072", "amount" : 5.0 })") == "");
  CHECK(kind({{"Idempotency-Key", "d1"}}, R"({"amount":6,"reference":"r"})") == "command-id-reused");
  CHECK(kind({{"Idempotency-Key", "d1"}, {"If-Match", "\"1\""}}, R"({"amount":5,"reference":"r"})") ==
        "command-id-reused");
  CHECK(rig.post(base + "alice/Withdraw", R"({"amount":5,"reference":"r"})", {{"Idempotency-Key", "d1"}}).status ==
        422);
  CHECK(rig.post(base + "bob/CreateAccount", create, {{"Idempotency-Key", "d1"}}).status ==
        200);  // another stream, another command
  CHECK(rig.end() == 4);
}

TEST_CASE("the repeated id is looked at before the version, and the version before the domain") {
  open_account rig;
  CHECK(rig.deposit({{"Idempotency-Key", "d1"}, {"If-Match", "\"1\""}}).status == 200);
  const auto again = rig.deposit({{"Idempotency-Key", "d1"}, {"If-Match", "\"1\""}});  // at version 2 now
  CHECK(again.status == 200);
  CHECK(field(again, "Idempotent-Replayed"));
  CHECK(
      rig.post(base + "alice/Deposit", R"({"amount":5})", {{"Idempotency-Key", "c1"}, {"If-Match", "\"9\""}}).status ==
      422);
  CHECK(rig.post(base + "alice/Withdraw", R"({"amount":500})", {{"If-Match", "\"1\""}}).status == 412);
  CHECK(rig.post(base + "alice/Withdraw", R"({"amount":500})", {{"If-Match", "\"2\""}}).status == 409);
}

TEST_CASE("a refusal names its code, the version it was decided on and its own members; nothing is kept of it") {
  open_account rig;
  const auto answer = rig.post(base + "alice/Withdraw", R"({"amount":7})", {{"Idempotency-Key", "w"}});
  CHECK(answer.status == 409);
  CHECK(answer.content_type == "application/problem+json");
  CHECK(answer.body.starts_with(R"({"type":"/problems/refused","title":)"));
  CHECK(answer.body.ends_with(R"(,"code":"insufficient-funds","version":1,"balance":0,"available":0})"));
  CHECK_FALSE(answer.close);
  rig.deposit({});
  rig.deposit({});
  CHECK(rig.post(base + "alice/Withdraw", R"({"amount":7})", {{"Idempotency-Key", "w"}}).status == 200);
  CHECK(
      rig.post(base + "nobody/Deposit", R"({"amount":7})").body.ends_with(R"(,"code":"no-such-account","version":0})"));
}

TEST_CASE("conditions: If-Match with one strong tag, If-None-Match with a star") {
  open_account rig;
  const auto mismatch = rig.deposit({{"If-Match", "\"7\""}});
  CHECK(mismatch.status == 412);
  CHECK(mismatch.body.ends_with(R"(,"current_version":1})"));
  CHECK(rig.deposit({{"If-None-Match", "*"}}).body.ends_with(R"(,"current_version":1})"));
  CHECK(rig.deposit({{"If-Match", "\"0\""}}).status == 412);
  CHECK(rig.post(base + "bob/Deposit", R"({"amount":5})", {{"If-Match", "\"1\""}})
            .body.ends_with(R"(,"current_version":0})"));
  CHECK(rig.post(base + "bob/CreateAccount", create, {{"If-Match", "\"0\""}}).status == 200);
  CHECK(rig.post(base + "cid/CreateAccount", create, {{"If-None-Match", "*"}}).status == 200);
  CHECK(rig.deposit({{"if-match", "\"1\""}}).status == 200);
  CHECK(rig.deposit({{"If-Match", "\"9223372036854775807\""}}).status == 412);
}

TEST_CASE("anything else as a condition is a malformed request") {
  open_account rig;
  for (const auto* tag : {"1", "\"1", "1\"", "W/\"1\"", "\"1\", \"2\"", "*", "\"\"", "\"-1\"", "\"+1\"", "\"01\"",
                          "\"1.0\"", "\"a\"", "\" 1\"", "", "\"9223372036854775808\"", "\"18446744073709551616\""}) {
    CAPTURE(tag);
    CHECK(rig.problem_of({{"If-Match", tag}}) == "malformed-request");
  }
  for (const auto* tag : {"\"1\"", "**", "", "*,*"})
    CHECK(rig.problem_of({{"If-None-Match", tag}}) == "malformed-request");
  CHECK(rig.problem_of({{"If-Match", "\"1\""}, {"If-None-Match", "*"}}) == "malformed-request");
  CHECK(rig.problem_of({{"If-Match", "\"1\""}, {"If-Match", "\"1\""}}) == "malformed-request");
  CHECK(rig.problem_of({{"If-None-Match", "*"}, {"If-None-Match", "*"}}) == "malformed-request");
  CHECK(rig.deposit({{"If-Match", "1"}}).close);
}

TEST_CASE("Idempotency-Key: 1 to 128 visible ASCII characters, bare or quoted, once") {
  open_account rig;
  CHECK(rig.deposit({{"Idempotency-Key", "\"k1\""}}).body.starts_with(R"({"command_id":"k1")"));
  CHECK(field(rig.deposit({{"Idempotency-Key", "k1"}}), "Idempotent-Replayed"));  // the same id
  CHECK(rig.deposit({{"Idempotency-Key", R"("a\"b\\c")"}}).body.starts_with(R"({"command_id":"a\"b\\c")"));
  CHECK(rig.deposit({{"Idempotency-Key", std::string(128, '~')}}).status == 200);
  CHECK(rig.deposit({{"Idempotency-Key", '"' + std::string(128, '!') + '"'}}).status == 200);
  for (const auto& bad :
       {std::string(), std::string(129, 'x'), std::string("a b"), std::string("\"a"), std::string("\"a\"b\""),
        std::string("\"\""), std::string("\""), std::string("\"a b\""), std::string("\"a\\n\""),
        std::string("caf\xc3\xa9"), std::string("\"a\\\""), std::string("a\tb")}) {
    CAPTURE(bad);
    CHECK(rig.problem_of({{"Idempotency-Key", bad}}) == "invalid-command-id");
  }
  CHECK(rig.problem_of({{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}}) == "invalid-command-id");
}

TEST_CASE("correlation: the header's, else the command id; a malformed one is refused") {
  open_account rig;
  rig.deposit({{"Idempotency-Key", "d1"}, {"Foldlog-Correlation", "flow-1"}});
  CHECK(rig.record_at(2).items.at(0).record.correlation_id == "flow-1");
  rig.deposit({{"Idempotency-Key", "d2"}, {"Foldlog-Correlation", "\"flow 2\""}});
  CHECK(rig.end() == 3);
  rig.deposit({{"Idempotency-Key", "d3"}});
  CHECK(rig.record_at(3).items.at(0).record.correlation_id == "d3");
  for (const auto& bad : {std::string(), std::string("a b"), std::string(129, 'x'), std::string("\"a")}) {
    CHECK(rig.problem_of({{"Foldlog-Correlation", bad}}) == "malformed-request");
  }
}

TEST_CASE("a traceparent is carried into the events; a malformed one is ignored") {
  open_account rig;
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  rig.deposit({{"traceparent", good}});
  CHECK(rig.record_at(2).items.at(0).record.traceparent == good);
  CHECK(is_traceparent("cc" + good.substr(2) + "-what-comes-later"));
  for (const auto& bad : {std::string("hello"), std::string(), good + "-x", "ff" + good.substr(2),
                          "0g" + good.substr(2), std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
                          good.substr(0, 36) + "0000000000000000-01",
                          std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), good.substr(0, 54)}) {
    CAPTURE(bad);
    CHECK(rig.deposit({{"traceparent", bad}}).status == 200);
    CHECK(rig.record_at(rig.end() - 1).items.at(0).record.traceparent.empty());
  }
}

TEST_CASE("media types: the body is application/json, the answer is JSON") {
  open_account rig;
  for (const auto* good : {"application/json", "application/json; charset=utf-8", "Application/JSON"})
    CHECK(rig.deposit({{"Content-Type", good}}).status == 200);
  for (const auto* bad : {"", "text/plain", "application/x-ndjson", "application/jsonx", "application/problem+json"}) {
    CHECK(rig.problem_of({{"Content-Type", bad}}) == "unsupported-media-type");
  }
  for (const auto* good : {"application/json", "*/*", "application/*", "text/html, application/json;q=0.1"})
    CHECK(rig.deposit({{"Accept", good}}).status == 200);
  for (const auto* bad : {"text/html", "application/json;q=0", "application/xml, text/*"})
    CHECK(rig.problem_of({{"Accept", bad}}) == "not-acceptable");
}

TEST_CASE("routes, commands, ids and query parameters that do not exist") {
  routes_rig rig;
  const auto kind = [&rig](const std::string& target) { return kind_of(rig.post(target, create).body); };
  CHECK(kind("/v1/commands/shop/account/a/CreateAccount") == "unknown-route");
  CHECK(kind("/v1/commands/bank/loan/a/CreateAccount") == "unknown-route");
  CHECK(kind("/v1/commands/bank/account/a") == "unknown-route");
  CHECK(kind(base + "a/Rob") == "unknown-command");
  CHECK(kind(base + "a/createaccount") == "unknown-command");
  CHECK(kind(base + "a%20b/CreateAccount") == "invalid-id");
  CHECK(kind(base + "./CreateAccount") == "invalid-id");
  CHECK(kind(base + "../CreateAccount") == "invalid-id");
  CHECK(kind(base + "a%2Fb/CreateAccount") == "invalid-id");
  CHECK(kind(base + std::string(129, 'a') + "/CreateAccount") == "invalid-id");
  CHECK(kind(base + std::string(128, 'a') + "/CreateAccount") == "");
  CHECK(kind(base + "a.b_c~d:e@f-G/CreateAccount") == "");
  CHECK(kind(base + "%61bc/CreateAccount") == "");
  CHECK(kind(base + "a/CreateAccount?x=1") == "invalid-parameter");
}

TEST_CASE(
    "the checks come in the documented order: route, content type, head fields, JSON, schema, repeated id, version, "
    "domain") {
  open_account rig;
  const sent_headers all_bad{{"Content-Type", "text/plain"}, {"Idempotency-Key", "a b"}, {"If-Match", "x"}};
  const auto kind = [&rig](const std::string& target, std::string_view body, sent_headers headers) {
    return kind_of(rig.post(target, body, std::move(headers)).body);
  };
  CHECK(kind(base + "a%20b/Rob", "{", all_bad) == "unknown-command");
  CHECK(kind(base + "a%20b/Deposit", "{", all_bad) == "unsupported-media-type");
  sent_headers bad(all_bad.begin() + 1, all_bad.end());
  CHECK(kind(base + "a%20b/Deposit", "{", bad) == "invalid-id");
  CHECK(kind(base + "alice/Deposit", "{", bad) == "invalid-command-id");
  CHECK(kind(base + "alice/Deposit", "{", {{"If-Match", "x"}}) == "malformed-request");
  CHECK(kind(base + "alice/Deposit", "{", {{"Idempotency-Key", "c1"}}) == "malformed-json");
  CHECK(kind(base + "alice/Deposit", "{}", {{"Idempotency-Key", "c1"}, {"If-Match", "\"9\""}}) == "schema-violation");
  CHECK(kind(base + "alice/Deposit", R"({"amount":1})", {{"Idempotency-Key", "c1"}, {"If-Match", "\"9\""}}) ==
        "command-id-reused");
}

TEST_CASE("a body that is no acceptable JSON") {
  open_account rig;
  for (const auto& bad :
       {std::string(), std::string("{"), std::string("{} x"), std::string(R"({"amount":1,"amount":2})"),
        std::string("{\"a\":\"\xff\"}"), std::string(R"({"a":"\ud800"})"), std::string(65, '[') + std::string(65, ']'),
        std::string("\xef\xbb\xbf{}"), std::string("NaN")}) {
    CAPTURE(bad);
    CHECK(kind_of(rig.deposit({}, bad).body) == "malformed-json");
  }
  CHECK(kind_of(rig.deposit({}, std::string(64, '[') + std::string(64, ']')).body) == "schema-violation");
}

TEST_CASE("a schema violation lists every one with its pointer and keyword") {
  routes_rig rig;
  const auto answer = rig.post(base + "alice/CreateAccount", R"({"owner":"","overdraft_limit":-1,"x/y":1})");
  CHECK(answer.status == 400);
  CHECK(kind_of(answer.body) == "schema-violation");
  const auto has = [&answer](std::string_view text) { return answer.body.find(text) != std::string::npos; };
  CHECK(has(R"({"pointer":"","keyword":"required","detail":)"));
  CHECK(has(R"({"pointer":"/owner","keyword":"minLength","detail":)"));
  CHECK(has(R"({"pointer":"/overdraft_limit","keyword":"minimum","detail":)"));
  CHECK(has(R"({"pointer":"/x~1y","keyword":"additionalProperties","detail":)"));
  CHECK(rig.end() == 1);
  const auto status = [&rig](std::string_view name, std::string_view data) {
    return rig.post(base + "alice/" + std::string(name), data).status;
  };
  CHECK(status("CreateAccount", R"({"owner":"A","currency":"eur"})") == 400);
  CHECK(status("CreateAccount", R"({"owner":"A","currency":"EUR","overdraft_limit":1000000000001})") == 400);
  CHECK(status("CreateAccount", R"({"owner":"A","currency":"EUR","overdraft_limit":1e12})") == 200);
  for (const auto* bad : {"0", "-1", "1.5", "1000000000001", "1e30", "\"5\"", "null", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK(status("Deposit", std::string(R"({"amount":)") + bad + "}") == 400);
  }
  CHECK(status("Deposit", R"({"amount":5.0})") == 200);
  CHECK(status("Deposit", R"({"amount":1000000000000})") == 200);
  CHECK(status("CloseAccount", R"({"now":true})") == 400);
}

TEST_CASE("while the log takes no appends the answer is a 503 with Retry-After, and nothing is applied") {
  open_account rig;
  rig.log().fail_appends(append_fault::refused);
  const auto answer = rig.deposit({});
  CHECK(answer.status == 503);
  CHECK(kind_of(answer.body) == "log-unavailable");
  CHECK(field(answer, "Retry-After"));
  rig.log().heal();
  CHECK(rig.deposit({}).body.find("\"version\":2") != std::string::npos);
}

TEST_CASE("what each command came to is observed") {
  open_account rig;
  std::vector<std::string> seen;
  rig.routes().observe = [&seen](const command_observation& one) {
    seen.push_back(std::string(one.command) + (one.outcome == outcome_kind::applied ? "+" : "-"));
    CHECK(one.took >= std::chrono::nanoseconds(0));
  };
  rig.deposit({});
  rig.post(base + "alice/Withdraw", R"({"amount":500})");
  CHECK(seen == std::vector<std::string>{"Deposit+", "Withdraw-"});
}

}  // namespace foldlog::test
