#pragma once

#include <string_view>
#include <utility>

#include "core/http/text.h"

// Pieces of header fields (RFC 9110, section 5.6).
namespace foldlog::query {

/// Takes what stands before the next separator that is not within a quoted string; the separator goes too.
[[nodiscard]] constexpr std::string_view take_until(std::string_view& text, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == separator) {
      const auto taken = text.substr(0, i);
      text.remove_prefix(i + 1);
      return http::trim(taken);
    }
  }
  return http::trim(std::exchange(text, {}));
}

}  // namespace foldlog::query
