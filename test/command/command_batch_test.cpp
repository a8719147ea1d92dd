// Many commands in one request: POST /v1/commands (API.md section 2).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "routes_rig.h"

namespace foldlog::test {
namespace {

std::string line(std::string_view id, std::string_view command, std::string_view data, std::string_view more = "") {
  return fmt::format(R"({{"domain":"bank","category":"account","id":"{}","command":"{}","data":{}{}}})", id, command,
                     data, more);
}
std::string deposit(std::string_view id, int amount, std::string_view more = "") {
  return line(id, "Deposit", fmt::format(R"({{"amount":{}}})", amount), more);
}
std::string create(std::string_view id, std::string_view more = "") {
  return line(id, "CreateAccount", R"({"owner":"Ann","currency":"EUR"})", more);
}

}  // namespace

TEST_CASE("a batch answers one line each, in order, in the documented form") {
  routes_rig rig;
  const auto answer =
      rig.batch(create("alice", R"(,"command_id":"c1")") + "\n" + deposit("alice", 5, R"(,"command_id":"d1")") + "\n");
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "application/x-ndjson");
  const auto lines = lines_of(answer.body);
  REQUIRE(lines.size() == 2);
  CHECK(
      lines[0] ==
      R"({"status":200,"command_id":"c1","stream":"bank/account/alice","version":1,"token":"bank.account/0@1","events":[)"
      R"({"type":"bank.AccountCreated.v1","id":"alice/1","version":1,"position":"bank.account/0@1",)"
      R"("data":{"owner":"Ann","currency":"EUR","overdraft_limit":0}}]})");
  CHECK(lines[1].starts_with(R"({"status":200,"command_id":"d1","stream":"bank/account/alice","version":2,)"));
}

TEST_CASE("a repeat in a batch says so, and is else the same; a single request is the same command") {
  routes_rig rig;
  const auto first = lines_of(rig.batch(create("alice", R"(,"command_id":"c1","expected_version":0)")).body).at(0);
  const auto again = lines_of(rig.batch(create("alice", R"(,"command_id":"c1","expected_version":0)")).body).at(0);
  CHECK(again == R"({"status":200,"replayed":true,)" + first.substr(14));
  const auto single = rig.post("/v1/commands/bank/account/alice/CreateAccount", R"({"owner":"Ann","currency":"EUR"})",
                               {{"Idempotency-Key", "c1"}, {"If-None-Match", "*"}});
  CHECK(field(single, "Idempotent-Replayed") == "true");
  CHECK(single.body == "{" + first.substr(14));
}

TEST_CASE("an id twice in one batch is applied once") {
  routes_rig rig;
  const auto lines = lines_of(rig.batch(create("alice") + "\n" + deposit("alice", 5, R"(,"command_id":"d")") + "\n" +
                                        deposit("alice", 5, R"(,"command_id":"d")") + "\n" +
                                        deposit("alice", 6, R"(,"command_id":"d")"))
                                  .body);
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].starts_with(R"({"status":200,"replayed":true,)"));
  CHECK(kind_of(lines[3]) == "command-id-reused");
  CHECK(rig.end() == 3);
}

TEST_CASE("blank lines are skipped, CRLF is fine, the last newline may be missing, no line at all answers nothing") {
  routes_rig rig;
  CHECK(lines_of(rig.batch("\n\r\n  \n" + create("alice") + "\r\n\n" + deposit("alice", 1)).body).size() == 2);
  const auto nothing = rig.batch("");
  CHECK(nothing.status == 200);
  CHECK(nothing.body.empty());
  CHECK(rig.batch("\n\n").body.empty());
}

TEST_CASE("every line stands alone: a bad one gets its own problem and the rest goes on") {
  routes_rig rig;
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{", "malformed-json"},
      {"[]", "malformed-request"},
      {"5", "malformed-request"},
      {"{}", "malformed-request"},
      {R"({"domain":"bank","category":"account","id":"a","command":"Deposit"})", "malformed-request"},
      {R"({"domain":5,"category":"account","id":"a","command":"Deposit","data":{}})", "malformed-request"},
      {deposit("a", 1, R"(,"expected_version":-1)"), "malformed-request"},
      {deposit("a", 1, R"(,"expected_version":"1")"), "malformed-request"},
      {deposit("a", 1, R"(,"expected_version":9223372036854775808)"), "malformed-request"},
      {deposit("a", 1, R"(,"command_id":7)"), "malformed-request"},
      {deposit("a", 1, R"(,"command_id":"")"), "invalid-command-id"},
      {deposit("a", 1, R"(,"command_id":"a b")"), "invalid-command-id"},
      {deposit("a b", 1), "invalid-id"},
      {line("a", "Rob", "{}"), "unknown-command"},
      {R"({"domain":"shop","category":"account","id":"a","command":"Deposit","data":{}})", "unknown-route"},
      {deposit("a", 0), "schema-violation"},
      {line("a", "Deposit", R"({"amount":1,"amount":1})"), "malformed-json"},
      {deposit("nobody", 1), "refused"},
      {create("alice"), ""},
      {deposit("alice", 1, R"(,"expected_version":7)"), "version-mismatch"},
      {create("alice", R"(,"expected_version":0)"), "version-mismatch"},
      {deposit("alice", 1, R"(,"expected_version":1)"), ""},
      {create("bob", R"(,"expected_version":0)"), ""},
  };
  std::string body;
  for (const auto& [text, kind] : cases) body += text + "\n";
  const auto lines = lines_of(rig.batch(body).body);
  REQUIRE(lines.size() == cases.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(cases[i].first);
    CHECK(kind_of(lines[i]) == cases[i].second);
  }
  CHECK(lines[19].ends_with(R"(,"current_version":1})"));
}

TEST_CASE("lines for one stream run in their order, and 500 of them are taken; 501 are not, and nothing is run") {
  routes_rig rig;
  std::string body = create("alice") + "\n";
  for (int i = 1; i < 500; ++i) body += deposit("alice", 1, fmt::format(R"(,"expected_version":{})", i)) + "\n\n";
  const auto lines = lines_of(rig.batch(body).body);
  REQUIRE(lines.size() == 500);
  for (std::size_t i = 0; i < lines.size(); ++i)
    CHECK(lines[i].find(fmt::format("\"version\":{},", i + 1)) != std::string::npos);
  const auto before = rig.end();
  const auto too_many = rig.batch(body + deposit("alice", 1));
  CHECK(too_many.status == 413);
  CHECK(kind_of(too_many.body) == "body-too-large");
  CHECK(too_many.close);
  rig.context().poll();
  CHECK(rig.end() == before);
}

TEST_CASE("a batch's own media types") {
  routes_rig rig;
  CHECK(kind_of(rig.post("/v1/commands", create("a")).body) == "unsupported-media-type");
  CHECK(rig.batch(create("a"), {{"Accept", "application/x-ndjson"}}).status == 200);
  CHECK(rig.batch(create("b"), {{"Accept", "application/json"}}).status == 200);
  CHECK(kind_of(rig.batch(create("c"), {{"Accept", "text/html"}}).body) == "not-acceptable");
  CHECK(kind_of(rig.post("/v1/commands?x=1", create("a"), {{"Content-Type", "application/x-ndjson"}}).body) ==
        "invalid-parameter");
}

}  // namespace foldlog::test
