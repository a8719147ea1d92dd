#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"
#include "core/http/message.h"

namespace foldlog::http {

/// The statuses that are no problems. All others come from the problem table.
namespace status {
inline constexpr int ok = 200;
inline constexpr int no_content = 204;
inline constexpr int not_modified = 304;
}  // namespace status

/// API.md section 2, "Problems": every kind, in the order of its table.
enum class problem_kind : std::uint8_t {
  malformed_request,
  malformed_json,
  schema_violation,
  invalid_id,
  invalid_command_id,
  invalid_parameter,
  invalid_cursor,
  invalid_token,
  unknown_route,
  unknown_command,
  unknown_view,
  no_such_row,
  no_such_stream,
  method_not_allowed,
  not_acceptable,
  unsupported_media_type,
  expectation_failed,
  refused,
  version_mismatch,
  body_too_large,
  uri_too_long,
  headers_too_large,
  command_id_reused,
  too_many_requests,
  overloaded,
  not_ready,
  log_unavailable,
  projection_behind,
  outcome_unknown,
  internal,
  not_implemented,
  version_not_supported,
};

/// RFC 9457.
struct problem {
  problem_kind kind = problem_kind::internal;
  std::string detail = {};   ///< a sentence for the person who sent the request; nothing of the inside
  std::string members = {};  ///< further members as JSON text, each with a comma in front: `,"current_version":4`
  std::string instance = {};
  int retry_after_seconds = 1;  ///< sent with the kinds that have it
};

/// For functions that give an std::expected: `return refuse(kind, detail)`.
[[nodiscard]] inline std::unexpected<problem> refuse(problem_kind kind, std::string detail) {
  return std::unexpected(problem{.kind = kind, .detail = std::move(detail)});
}

[[nodiscard]] std::string_view name(problem_kind kind);  ///< `version-mismatch`
[[nodiscard]] std::optional<problem_kind> find_problem(std::string_view name);
[[nodiscard]] int status_of(problem_kind kind);
[[nodiscard]] std::string_view title(problem_kind kind);
/// What GET /problems/<kind> explains: a paragraph on when it occurs and what to do.
[[nodiscard]] std::string_view explanation(problem_kind kind);
/// `{"type":"/problems/<kind>","title":…,"status":…,"detail":…,…}`.
[[nodiscard]] std::string render_body(const problem& of);
/// The whole answer, with Retry-After where the kind has it, and closing the connection where API.md says so.
[[nodiscard]] response render(const problem& of);
/// JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace foldlog::http
