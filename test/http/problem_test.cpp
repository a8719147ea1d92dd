#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

#include "core/http/problem.h"

namespace foldlog::http {
namespace {

struct expected_row {
  problem_kind kind;
  std::string_view name;
  int status;
  bool retry_after;
  bool closes;
};

using enum problem_kind;

// Written from API.md, section 2, "Problems", and from the sentence on limits below it.
constexpr auto rows = std::to_array<expected_row>({
    {malformed_request, "malformed-request", 400, false, true},
    {malformed_json, "malformed-json", 400, false, false},
    {schema_violation, "schema-violation", 400, false, false},
    {invalid_id, "invalid-id", 400, false, false},
    {invalid_command_id, "invalid-command-id", 400, false, false},
    {invalid_parameter, "invalid-parameter", 400, false, false},
    {invalid_cursor, "invalid-cursor", 400, false, false},
    {invalid_token, "invalid-token", 400, false, false},
    {unknown_route, "unknown-route", 404, false, false},
    {unknown_command, "unknown-command", 404, false, false},
    {unknown_view, "unknown-view", 404, false, false},
    {no_such_row, "no-such-row", 404, false, false},
    {no_such_stream, "no-such-stream", 404, false, false},
    {method_not_allowed, "method-not-allowed", 405, false, false},
    {not_acceptable, "not-acceptable", 406, false, false},
    {unsupported_media_type, "unsupported-media-type", 415, false, false},
    {expectation_failed, "expectation-failed", 417, false, false},
    {refused, "refused", 409, false, false},
    {version_mismatch, "version-mismatch", 412, false, false},
    {body_too_large, "body-too-large", 413, false, true},
    {uri_too_long, "uri-too-long", 414, false, true},
    {headers_too_large, "headers-too-large", 431, false, true},
    {command_id_reused, "command-id-reused", 422, false, false},
    {too_many_requests, "too-many-requests", 429, true, false},
    {overloaded, "overloaded", 503, true, false},
    {not_ready, "not-ready", 503, true, false},
    {log_unavailable, "log-unavailable", 503, true, false},
    {projection_behind, "projection-behind", 503, true, false},
    {outcome_unknown, "outcome-unknown", 503, true, false},
    {internal, "internal", 500, false, false},
    {not_implemented, "not-implemented", 501, false, true},
    {version_not_supported, "version-not-supported", 505, false, true},
});

TEST_CASE("every kind of problem has the name, the status, the retry and the closing that API.md gives it") {
  CHECK(rows.size() == static_cast<std::size_t>(version_not_supported) + 1);
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(name(row.kind) == row.name);
    CHECK(find_problem(row.name) == row.kind);
    CHECK(status_of(row.kind) == row.status);
    CHECK_FALSE(title(row.kind).empty());
    CHECK(explanation(row.kind).size() > 20);
    const auto answer = render({.kind = row.kind, .detail = "why", .retry_after_seconds = 7});
    CHECK(answer.status == row.status);
    CHECK(answer.content_type == "application/problem+json");
    CHECK(answer.close == row.closes);
    CHECK(answer.fields == (row.retry_after ? "Retry-After: 7\r\n" : ""));
  }
  CHECK_FALSE(find_problem("no-such-kind").has_value());
}

TEST_CASE("a problem's body is one JSON object with its own members at the end") {
  CHECK(render_body({.kind = version_mismatch, .detail = "it is at 4", .members = R"(,"current_version":4)"}) ==
        R"({"type":"/problems/version-mismatch","title":"The stream is at another version","status":412,)"
        R"("detail":"it is at 4","current_version":4})");
  CHECK(render_body({.kind = internal, .detail = "", .members = {}, .instance = "00ff"}) ==
        R"({"type":"/problems/internal","title":"Internal error","status":500,"detail":"","instance":"00ff"})");
}

TEST_CASE("a JSON string is escaped, and what is no UTF-8 is replaced") {
  const auto quoted = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  CHECK(quoted("") == R"("")");
  CHECK(quoted("a\"b\\c\n\r\t\x01\x1f") == R"("a\"b\\c\n\r\t\u0001\u001f")");
  CHECK(quoted("\xC3\xA9\xE2\x82\xAC") == "\"\xC3\xA9\xE2\x82\xAC\"");
  CHECK(quoted("a\xFF") == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("a header value cannot end its line") {
  response answer;
  answer.add("X-Text", "a\r\nSet-Cookie: b\x01");
  CHECK(answer.fields == "X-Text: aSet-Cookie: b\r\n");
}

}  // namespace
}  // namespace foldlog::http
