#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "core/http/message.h"
#include "core/http/problem.h"

namespace foldlog {

/// What the head of a command's request says. Pure.
struct command_head {
  std::string command_id = {};                         ///< empty: none was sent
  std::optional<std::uint64_t> expected_version = {};  ///< 0: the stream must not exist
  std::string correlation_id = {};
  std::string traceparent = {};  ///< empty when none was sent or it is malformed

  /// Idempotency-Key, If-Match, If-None-Match, Foldlog-Correlation, traceparent (API.md section 2, "Commands").
  [[nodiscard]] static std::expected<command_head, http::problem> parse(const http::request& from);
};

/// The command id, bare or as a quoted string of RFC 8941; nothing when it is neither.
[[nodiscard]] std::optional<std::string> parse_command_id(std::string_view value);

/// A traceparent of the W3C's trace context, version 00 or a later one's beginning.
[[nodiscard]] bool is_traceparent(std::string_view value);

}  // namespace foldlog
