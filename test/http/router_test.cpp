#include "core/http/router.h"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace foldlog::http {
namespace {

// Answers with the pattern and the parts, so that a table can show who was called.
void add(router& routes, method of, std::string pattern) {
  routes.add(of, pattern, [pattern](const request&, const path_parts& parts, responder answer) {
    response called;
    called.status = status::ok;
    called.body = pattern;
    for (const auto& part : parts) called.body.append("|").append(part);
    answer(std::move(called));
  });
}

void fill(router& routes) {
  add(routes, method::get, "/v1/views/{domain}/{view}/{key...}");
  add(routes, method::get, "/v1/views/{domain}/{view}");
  add(routes, method::post, "/v1/commands/{domain}/{category}/{id}/{Command}");
  add(routes, method::post, "/v1/commands");
  add(routes, method::get, "/v1/streams/{domain}/{category}/{id}");
  add(routes, method::get, "/v1/streams/{domain}/{category}/{id}/state");
  add(routes, method::get, "/v1/things/{any}");
  add(routes, method::get, "/v1/things/fixed");
  add(routes, method::post, "/v1/things/{any}");
}

struct asked {
  response answer;
  std::string label;
};

asked ask(const router& routes, method of, std::string_view path) {
  request made;
  made.method = of;
  made.method_text = name(of);
  made.path = path;
  std::optional<response> answer;
  const auto label = routes.handle(made, [&](response given) { answer = std::move(given); });
  REQUIRE(answer.has_value());
  return {std::move(*answer), std::string(label)};
}

TEST_CASE("a path finds its route, and a fixed segment is preferred to a name") {
  router routes;
  fill(routes);
  struct row {
    method of;
    std::string_view path;
    std::string_view called;  // empty: unknown-route
  };
  constexpr auto table = std::to_array<row>({
      {method::get, "/v1/views/bank/accounts", "/v1/views/{domain}/{view}|bank|accounts"},
      {method::get, "/v1/views/bank/accounts/alice", "/v1/views/{domain}/{view}/{key...}|bank|accounts|alice"},
      {method::get, "/v1/views/bank/accounts/a/b//c/", "/v1/views/{domain}/{view}/{key...}|bank|accounts|a/b//c/"},
      {method::get, "/v1/views/bank/accounts/EUR:2026%2F11%20x",
       "/v1/views/{domain}/{view}/{key...}|bank|accounts|EUR:2026/11 x"},
      {method::get, "/v1/views/bank/accounts/", ""},
      {method::get, "/v1/views/bank/", ""},
      {method::get, "/v1/views//accounts", ""},
      {method::get, "/v1/streams/bank/account/alice", "/v1/streams/{domain}/{category}/{id}|bank|account|alice"},
      {method::get, "/v1/streams/bank/account/a%2Fb", "/v1/streams/{domain}/{category}/{id}|bank|account|a/b"},
      {method::get, "/v1/streams/bank/account/alice/state",
       "/v1/streams/{domain}/{category}/{id}/state|bank|account|alice"},
      {method::get, "/v1/streams/bank/account/alice/other", ""},
      {method::post, "/v1/commands", "/v1/commands"},
      {method::post, "/v1/commands/bank/account/alice/Deposit",
       "/v1/commands/{domain}/{category}/{id}/{Command}|bank|account|alice|Deposit"},
      {method::get, "/v1/things/fixed", "/v1/things/fixed"},
      {method::get, "/v1/things/f%69xed", "/v1/things/fixed"},
      {method::get, "/v1/things/other", "/v1/things/{any}|other"},
      {method::post, "/v1/things/fixed", "/v1/things/{any}|fixed"},
      {method::head, "/v1/things/other", "/v1/things/{any}|other"},
      {method::get, "/", ""},
      {method::get, "/v1", ""},
      {method::get, "/v1/thing", ""},
      {method::get, "/V1/things/other", ""},
  });
  for (const auto& row : table) {
    CAPTURE(row.path);
    const auto got = ask(routes, row.of, row.path);
    CHECK(got.label == row.called.substr(0, row.called.find('|')));
    if (row.called.empty())
      CHECK(got.answer.status == status_of(problem_kind::unknown_route));
    else
      CHECK(got.answer.body == row.called);
  }
}

TEST_CASE("what no route takes is answered by the router itself") {
  router routes;
  fill(routes);
  struct row {
    method of;
    std::string_view path;
    int status;
    std::string_view fields;
  };
  constexpr auto table = std::to_array<row>({
      {method::options, "/v1/things/fixed", 204, "Allow: GET, HEAD, POST, OPTIONS\r\n"},
      {method::options, "/v1/commands", 204, "Allow: POST, OPTIONS\r\n"},
      {method::options, "*", 204, "Allow: GET, HEAD, POST, OPTIONS\r\n"},
      {method::options, "/nowhere", 404, ""},
      {method::delete_, "/v1/commands", 405, "Allow: POST, OPTIONS\r\n"},
      {method::get, "/v1/commands", 405, "Allow: POST, OPTIONS\r\n"},
      {method::put, "/nowhere", 404, ""},
      {method::trace, "/v1/commands", 405, "Allow: POST, OPTIONS\r\n"},
      {method::trace, "/nowhere", 405, "Allow: GET, HEAD, POST, OPTIONS\r\n"},
      {method::connect, "example.org:443", 405, "Allow: GET, HEAD, POST, OPTIONS\r\n"},
      {method::other, "/v1/commands", 501, ""},
      {method::get, "/v1/streams/bank/account/a%2", 400, ""},
      {method::get, "/v1/streams/bank/account/%zz", 400, ""},
  });
  for (const auto& row : table) {
    CAPTURE(row.path);
    CAPTURE(static_cast<int>(row.of));
    const auto got = ask(routes, row.of, row.path);
    CHECK(got.answer.status == row.status);
    CHECK(got.answer.fields == row.fields);
  }
}

TEST_CASE("a query is decoded, and unknown, repeated and malformed parameters are refused") {
  const auto parsed =
      parse_query("limit=10&prefix=a%20b+c%2B&flag&empty=&&from=x=y", {"limit", "prefix", "flag", "empty", "from"});
  REQUIRE(parsed.has_value());
  CHECK(*parsed->find("limit") == "10");
  CHECK(*parsed->find("prefix") == "a b c+");
  CHECK(parsed->find("flag")->empty());
  CHECK(parsed->find("empty")->empty());
  CHECK(*parsed->find("from") == "x=y");
  CHECK(parsed->find("other") == nullptr);
  CHECK(parse_query("", {})->all.empty());
  for (const auto* bad :
       {"other=1", "limit=1&limit=1", "limit=%", "limit=%4", "limit=%4g", "=1", "li%6Dit=1&limit=1"}) {
    CAPTURE(bad);
    const auto refused = parse_query(bad, {"limit"});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == problem_kind::invalid_parameter);
  }
}

TEST_CASE("percent escapes are decoded byte by byte") {
  std::string decoded;
  CHECK(percent_decode("a%2Fb%00%fF+", decoded));
  CHECK(decoded == std::string_view("a/b\0\xff+", 6));
  for (const auto* bad : {"%", "a%1", "%g0", "%0g", "%%41"}) {
    CAPTURE(bad);
    CHECK_FALSE(percent_decode(bad, decoded));
  }
}

TEST_CASE("a path that takes QUERY says what it may bring, whatever the method and the answer") {
  router routes;
  constexpr route_marks takes{.accept_query = "a/b"};
  const auto none = [](const request&, const path_parts&, responder answer) { answer(response{}); };
  routes.add(method::get, "/list", none, takes);
  routes.add(method::query, "/list", none, takes);
  add(routes, method::get, "/other");
  for (const auto of : {method::get, method::head, method::query, method::options, method::put}) {
    CHECK(ask(routes, of, "/list").answer.fields.contains("Accept-Query: a/b\r\n"));
    CHECK_FALSE(ask(routes, of, "/other").answer.fields.contains("Accept-Query"));
  }
  CHECK(ask(routes, method::options, "/list").answer.fields.contains("Allow: GET, HEAD, OPTIONS, QUERY\r\n"));
}

TEST_CASE("every answer of a deprecated route says since when, and when it goes") {
  router routes;
  fill(routes);
  CHECK(routes.deprecate(method::get, "/v1/views/{domain}/{view}", 1'700'000'000, 1'800'000'000).has_value());
  CHECK(routes.deprecate(method::post, "/v1/commands", 1'700'000'000, std::nullopt).has_value());
  const auto list = ask(routes, method::get, "/v1/views/bank/accounts").answer.fields;
  CHECK(list == "Deprecation: @1700000000\r\nSunset: Fri, 15 Jan 2027 08:00:00 GMT\r\n");
  CHECK(ask(routes, method::head, "/v1/views/bank/%zz").answer.fields.contains("Deprecation: @1700000000\r\n"));
  CHECK(ask(routes, method::post, "/v1/commands").answer.fields == "Deprecation: @1700000000\r\n");
  CHECK_FALSE(ask(routes, method::get, "/v1/views/bank/accounts/a").answer.fields.contains("Deprecation"));
  const auto unknown = routes.deprecate(method::get, "/v1/nothing", 1, std::nullopt);
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().text == "there is no route GET /v1/nothing");
  CHECK_FALSE(routes.deprecate(method::post, "/v1/commands", 2, 1).has_value());
}

}  // namespace
}  // namespace foldlog::http
