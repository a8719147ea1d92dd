#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace foldlog::http {

/// A field's value that is one String of RFC 8941, `"abc"`, its escapes undone. Parameters behind it (`;a=1`) must be
/// well formed and are passed over, as section 3.1.2 has it for those that one does not know. Nothing for anything
/// else.
[[nodiscard]] std::optional<std::string> parse_string_item(std::string_view value);

}  // namespace foldlog::http
