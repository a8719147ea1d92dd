#pragma once

#include <string_view>

namespace foldlog::fuzz {

/// Whether the text is JSON as API.md section 2 takes it: RFC 8259 in UTF-8, no byte order mark, no lone surrogate, no
/// key twice, no nesting deeper than 64. Written from the grammar alone; shares nothing with schemas/json.cpp.
[[nodiscard]] bool is_json(std::string_view text);

}  // namespace foldlog::fuzz
