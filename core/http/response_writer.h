#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/message.h"

// Answers as bytes (RFC 9112). Pure.
namespace foldlog::http {

/// What the request and the connection decide about an answer's head.
struct answer_form {
  bool to_head = false;     ///< the request was HEAD: no body
  bool to_http_10 = false;  ///< no chunks; keep-alive must be told
  bool close = false;       ///< the connection closes after it
};

/// `Sat, 21 Nov 2026 09:30:00 GMT`.
[[nodiscard]] std::string http_date(std::int64_t unix_seconds);
/// `Server: foldlog\r\nDate: Sat, 21 Nov 2026 09:30:00 GMT\r\n`.
[[nodiscard]] std::string common_fields(std::int64_t unix_seconds);
/// Status line and header fields up to the empty line. A streamed answer has no length: chunks, or until the close.
void append_head(std::string& out, const response& answer, const answer_form& form, std::string_view common);
/// RFC 9110, 6.4.1: 204 and 304 have none, nor an answer to HEAD.
[[nodiscard]] bool has_body(const response& answer, const answer_form& form);
/// `1a\r\n` + piece + `\r\n`.
void append_chunk(std::string& out, std::string_view piece);

inline constexpr std::string_view last_chunk = "0\r\n\r\n";
inline constexpr std::string_view interim_continue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace foldlog::http
