#pragma once

#include <string_view>

#include "core/http/message.h"

namespace foldlog::http {

/// What a form sends, and a QUERY of ours brings: a query string as a body.
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

/// The body's Content-Type is this media type, whatever its parameters, and it is not compressed.
[[nodiscard]] bool is_content_type(const request& of, std::string_view media_type);

/// The Accept fields take this media type (RFC 9110 section 12.5.1); so do none at all. A quality of 0 excludes.
[[nodiscard]] bool accepts(const request& of, std::string_view media_type);

}  // namespace foldlog::http
