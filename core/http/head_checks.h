#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "core/http/message.h"
#include "core/http/problem.h"

// What the HTTP edge asks of a request's head beyond what Beast's parser asks (RFC 9112; DESIGN.md section 11). Pure.
namespace foldlog::http {

struct head_limits {
  std::size_t request_line_bytes = 8192;  ///< without its CRLF
  std::size_t header_bytes = 16384;       ///< all fields, with their CRLFs
  std::size_t header_fields = 64;
};

/// Finds the end of a head in a buffer that grows, looking at each byte once. Refuses what can be refused early: a line
/// that is too long, too many bytes, line endings other than CRLF.
class head_scanner {
 public:
  enum class outcome { incomplete, complete, refused };

  explicit head_scanner(const head_limits& limits) : limits_(&limits) {}

  /// `bytes` begins with the request line and is what was there at the last call, and perhaps more.
  outcome scan(std::string_view bytes);
  [[nodiscard]] std::size_t size() const { return line_; }  ///< when complete: with the empty line
  [[nodiscard]] const problem& refusal() const { return refusal_; }

 private:
  outcome take_line(std::string_view line);
  outcome check_rest(std::string_view rest);
  outcome check_size(std::size_t bytes);
  outcome refuse(problem_kind kind, std::string_view detail);

  const head_limits* limits_;
  std::size_t line_ = 0;          // where the present line begins
  std::size_t fields_begin_ = 0;  // 0: within the request line
  std::size_t fields_ = 0;
  problem refusal_;
};

/// What a head says about the body that follows and about the answer.
struct head_facts {
  enum class framing : std::uint8_t { none, length, chunked };
  framing body = framing::none;
  std::uint64_t length = 0;       ///< all ones: a number beyond 64 bits
  int minor_version = 1;          ///< HTTP/1.0 or 1.1; 1.2 to 1.9 count as 1.1
  std::size_t version_digit = 0;  ///< where in the head the minor version stands
  bool expects_continue = false;
  bool fails_expectation = false;  ///< an expectation that cannot be met
  bool takes_gzip = false;         ///< the answer may be compressed
};

/// Checks a complete head. `malformed-request`, `not-implemented` or `version-not-supported` otherwise.
[[nodiscard]] std::expected<head_facts, problem> check_head(std::string_view head);

}  // namespace foldlog::http
