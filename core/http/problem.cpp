#include "core/http/problem.h"

#include <array>
#include <cassert>
#include <cstddef>

namespace foldlog::http {
namespace {

enum class retry : bool { no, after };
enum class connection_is : bool { kept, closed };

struct row {
  problem_kind kind;
  std::string_view name;
  int status;
  retry retries;
  connection_is then;
  std::string_view title;
  std::string_view explanation;
};

using enum problem_kind;
constexpr auto keep = connection_is::kept;
constexpr auto shut = connection_is::closed;

// API.md, "Problems". One row per kind, in the order of the enumeration.
constexpr auto table = std::to_array<row>({
    {malformed_request, "malformed-request", 400, retry::no, shut, "The request is malformed",
     "The request breaks the rules of HTTP or of this interface: its request line, a header field, the framing of its "
     "body or a condition. Nothing was done. The connection is closed, since what follows on it cannot be trusted. "
     "Correct the request as the detail says."},
    {malformed_json, "malformed-json", 400, retry::no, keep, "The body is not acceptable JSON",
     "The body is not JSON in UTF-8, or it has a lone surrogate, a member given twice, a number that does not fit, or "
     "nests deeper than 64 levels. Nothing was done. Correct the body."},
    {schema_violation, "schema-violation", 400, retry::no, keep, "The data breaks its schema",
     "The body is JSON but not what the command's schema asks for. Every violation is listed in errors, each with a "
     "JSON pointer, the schema's keyword and a sentence. Nothing was done. Correct all of them."},
    {invalid_id, "invalid-id", 400, retry::no, keep, "The stream's id is invalid",
     "An id is 1 to 128 characters out of letters, digits and . _ ~ : @ -, and neither . nor .. alone. Nothing was "
     "done."},
    {invalid_command_id, "invalid-command-id", 400, retry::no, keep, "The command id is invalid",
     "Idempotency-Key takes 1 to 128 visible ASCII characters, bare or as a quoted string, and stands once. Nothing "
     "was "
     "done."},
    {invalid_parameter, "invalid-parameter", 400, retry::no, keep, "A parameter is invalid",
     "A query parameter or a part of the path is unknown, given twice, not decodable or outside its range. The detail "
     "names it."},
    {invalid_cursor, "invalid-cursor", 400, retry::no, keep, "The cursor is invalid",
     "A cursor is taken unchanged from the answer before, and belongs to the query that gave it: only the limit may "
     "change. Start the list again without a cursor."},
    {invalid_token, "invalid-token", 400, retry::no, keep, "The token is invalid",
     "A token is taken unchanged from an answer. This one is not of that form, names a partition that does not exist, "
     "or a topic that the view does not read."},
    {unknown_route, "unknown-route", 404, retry::no, keep, "There is nothing at this path",
     "No route, domain or category of this server answers at this path. Check its spelling."},
    {unknown_command, "unknown-command", 404, retry::no, keep, "There is no such command",
     "The domain and category exist but have no command of this name. Names of commands begin with a capital letter. "
     "Nothing was done."},
    {unknown_view, "unknown-view", 404, retry::no, keep, "There is no such view",
     "The domain has no view of this name."},
    {no_such_row, "no-such-row", 404, retry::no, keep, "The view has no such row",
     "The view has no row of this key at the position that it reflects. If a command of yours should have made it, "
     "send "
     "that command's token with the read."},
    {no_such_stream, "no-such-stream", 404, retry::no, keep, "There is no such stream",
     "No event of this stream is known to this node."},
    {method_not_allowed, "method-not-allowed", 405, retry::no, keep, "The method is not allowed here",
     "The path exists but does not take this method. Allow lists those that it takes."},
    {not_acceptable, "not-acceptable", 406, retry::no, keep, "No acceptable form",
     "Accept excludes every form in which this answer exists: JSON, or text/event-stream for subscriptions."},
    {unsupported_media_type, "unsupported-media-type", 415, retry::no, keep, "The body's media type is not supported",
     "A command's body is application/json, a batch is application/x-ndjson, and Content-Type must say so. Nothing was "
     "done."},
    {expectation_failed, "expectation-failed", 417, retry::no, keep, "The expectation cannot be met",
     "The only expectation that this server knows is 100-continue. Nothing was done."},
    {refused, "refused", 409, retry::no, keep, "The domain refused the command",
     "The command is well formed but the domain's rules say no, on the version given. The code says why. Nothing was "
     "done. Another state of the stream may lead to another answer."},
    {version_mismatch, "version-mismatch", 412, retry::no, keep, "The stream is at another version",
     "The request was to be done only at the version that it names, and the stream is at current_version. Nothing was "
     "done. Read the stream again and decide anew."},
    {body_too_large, "body-too-large", 413, retry::no, shut, "The body is too large",
     "The body is larger than this server takes (1 MiB unless configured), or a batch has more than 500 commands. "
     "Nothing was done. Send less at once."},
    {uri_too_long, "uri-too-long", 414, retry::no, shut, "The request line is too long",
     "The request line is longer than this server takes: 8 KiB unless configured."},
    {headers_too_large, "headers-too-large", 431, retry::no, shut, "The header fields are too large",
     "The header fields are larger in sum, or more, than this server takes: 16 KiB and 64 fields unless configured."},
    {command_id_reused, "command-id-reused", 422, retry::no, keep, "The command id was used for something else",
     "This stream knows the command id with another command, other data or another condition. Nothing was done. A new "
     "command needs a new id; a repeat must be the same in all three."},
    {too_many_requests, "too-many-requests", 429, retry::after, keep, "Too many requests",
     "More was asked for than this client may have at once. Nothing was done. Try again after Retry-After."},
    {overloaded, "overloaded", 503, retry::after, keep, "The server is overloaded",
     "A queue that the request needs is full. Nothing was done. Try again after Retry-After."},
    {not_ready, "not-ready", 503, retry::after, keep, "The server is not ready",
     "The part that answers this request is starting, stopping or changing hands. Nothing was done. Try again after "
     "Retry-After."},
    {log_unavailable, "log-unavailable", 503, retry::after, keep, "The log is unavailable",
     "The log took nothing of the command. It was certainly not applied. Try again after Retry-After."},
    {projection_behind, "projection-behind", 503, retry::after, keep, "The view is behind",
     "The view did not reach the token within the time that the request allowed. The member position says how far it "
     "is. Try again after Retry-After, or allow more time with Prefer: wait."},
    {outcome_unknown, "outcome-unknown", 503, retry::after, keep, "The outcome is unknown",
     "The command may have been applied or not, and may still be. Send it again with the same command id, which is "
     "safe: it is applied once."},
    {internal, "internal", 500, retry::no, keep, "Internal error",
     "A defect of this server. The log has a line with the id given in instance. Whether a command was applied is in "
     "doubt; sending it again with the same command id is safe."},
    {not_implemented, "not-implemented", 501, retry::no, shut, "Not implemented",
     "The method or the transfer coding is unknown to this server. The only transfer coding is chunked."},
    {version_not_supported, "version-not-supported", 505, retry::no, shut, "The HTTP version is not supported",
     "This server speaks HTTP/1.1 and HTTP/1.0."},
});

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].kind) != i) return false;
  }
  return table.size() == static_cast<std::size_t>(version_not_supported) + 1;
}
static_assert(in_order(), "the problem table has one row for each kind, in the order of the enumeration");

const row& row_of(problem_kind kind) {
  assert(static_cast<std::size_t>(kind) < table.size());
  return table[static_cast<std::size_t>(kind)];
}

}  // namespace

std::string_view name(problem_kind kind) { return row_of(kind).name; }
int status_of(problem_kind kind) { return row_of(kind).status; }
std::string_view title(problem_kind kind) { return row_of(kind).title; }
std::string_view explanation(problem_kind kind) { return row_of(kind).explanation; }

std::optional<problem_kind> find_problem(std::string_view name) {
  for (const auto& each : table) {
    if (each.name == name) return each.kind;
  }
  return std::nullopt;
}

std::string render_body(const problem& of) {
  const auto& row = row_of(of.kind);
  std::string out = R"({"type":"/problems/)";
  out.append(row.name).append(R"(","title":)");
  append_json_string(out, row.title);
  out.append(R"(,"status":)").append(std::to_string(row.status)).append(R"(,"detail":)");
  append_json_string(out, of.detail);
  if (!of.instance.empty()) {
    out.append(R"(,"instance":)");
    append_json_string(out, of.instance);
  }
  out.append(of.members).append("}");
  return out;
}

response render(const problem& of) {
  const auto& row = row_of(of.kind);
  response answer{.status = row.status,
                  .content_type = "application/problem+json",
                  .fields = {},
                  .body = render_body(of),
                  .close = row.then == connection_is::closed,
                  .stream = {}};
  if (row.retries == retry::after) answer.add("Retry-After", std::to_string(of.retry_after_seconds));
  return answer;
}

}  // namespace foldlog::http
