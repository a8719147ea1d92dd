#include "query/conditional.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/http/negotiation.h"
#include "query/preference.h"

using namespace foldlog;
using namespace std::chrono_literals;

namespace {

struct sent {
  std::vector<http::header_field> fields;
  http::request request;
  sent(std::string_view name, std::vector<std::string_view> values) {
    for (const auto value : values) fields.push_back({name, value});
    request.headers = fields;
  }
};

bool accepts_json(std::vector<std::string_view> values) {
  return http::accepts(sent("accept", std::move(values)).request, "application/json");
}
std::chrono::milliseconds wait_of(std::vector<std::string_view> values) {
  return query::preferred_wait(sent("prefer", std::move(values)).request);
}
bool has(std::string_view none_match) { return query::client_has(none_match, R"("abc")"); }

}  // namespace

TEST_CASE("Accept: the most specific range decides, and zero excludes") {
  CHECK(accepts_json({}));
  CHECK(accepts_json({""}));
  CHECK(accepts_json({"*/*"}));
  CHECK(accepts_json({"application/json"}));
  CHECK(accepts_json({"Application/JSON; charset=utf-8"}));
  CHECK(accepts_json({"application/*;q=0.1"}));
  CHECK(accepts_json({"text/html, application/json;q=0.001"}));
  CHECK(accepts_json({"text/html", "application/json"}));
  CHECK(accepts_json({"*/*;q=0, application/json"}));
  CHECK(accepts_json({"application/*;q=0.0, application/json;Q=1"}));
  CHECK(!accepts_json({"text/html"}));
  CHECK(!accepts_json({"text/*, image/png"}));
  CHECK(!accepts_json({"application/jso"}));
  CHECK(!accepts_json({"application/json-seq"}));
  CHECK(!accepts_json({"application/json;q=0"}));
  CHECK(!accepts_json({"application/json;q=0.000, */*"}));
  CHECK(!accepts_json({"*/*", "application/*;q=0"}));
  CHECK(!accepts_json({"*/*;q=0"}));
  CHECK(!accepts_json({R"(text/plain;a="x, application/json")"}));
  CHECK(!http::accepts(sent("Accept", {"application/json"}).request, "text/event-stream"));
  CHECK(http::accepts(sent("Accept", {"text/event-stream"}).request, "text/event-stream"));
}

TEST_CASE("Prefer: wait in seconds, five when nothing can be read, thirty at most") {
  CHECK(wait_of({}) == 5s);
  CHECK(wait_of({"wait=10"}) == 10s);
  CHECK(wait_of({"wait=0"}) == 0s);
  CHECK(wait_of({"WAIT = 7"}) == 7s);
  CHECK(wait_of({"wait=\"8\""}) == 8s);
  CHECK(wait_of({"wait=30"}) == 30s);
  CHECK(wait_of({"wait=31"}) == 30s);
  CHECK(wait_of({"wait=99999999999999999999999999"}) == 30s);
  CHECK(wait_of({"respond-async, wait=10; foo=bar"}) == 10s);
  CHECK(wait_of({"respond-async", "wait=10"}) == 10s);
  CHECK(wait_of({"wait=3, wait=9"}) == 3s);
  CHECK(wait_of({"wait=3", "wait=9"}) == 3s);
  CHECK(wait_of({R"(foo="a, wait=9", wait=4)"}) == 4s);
  for (const auto malformed :
       {"wait", "wait=", "wait=-1", "wait=1.5", "wait=x", "wait=\"", "waits=9", ",,;=", "x;wait=9"}) {
    CAPTURE(malformed);
    CHECK(wait_of({malformed}) == 5s);
  }
}

TEST_CASE("If-None-Match: a star, or one of its tags by weak comparison") {
  CHECK(has("*"));
  CHECK(has(R"("abc")"));
  CHECK(has(R"(W/"abc")"));
  CHECK(has(R"("x", "abc")"));
  CHECK(has(R"("x,y",W/"abc","z")"));
  CHECK(!has(""));
  CHECK(!has("abc"));
  CHECK(!has(R"("abcd")"));
  CHECK(!has(R"(w/"abc")"));
  CHECK(!has(R"("x,"abc"")"));
  CHECK(query::none_match_of(sent("if-none-match", {R"("a")", R"("abc")"}).request) == R"("a","abc")");
  CHECK(query::none_match_of(sent("If-Match", {"*"}).request).empty());
}

TEST_CASE("equal bytes have equal tags, other bytes have others") {
  CHECK(query::entity_tag("{}") == query::entity_tag("{}"));
  CHECK(query::entity_tag("{}") != query::entity_tag("{ }"));
  CHECK(query::entity_tag("").size() == 18);
}
