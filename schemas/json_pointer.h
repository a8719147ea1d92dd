#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/json.h"

namespace foldlog::json {

/// A JSON Pointer's next key, unescaped; takes it from the pointer, which must begin with '/'.
[[nodiscard]] std::string take_key(std::string_view& pointer);
/// The member or item of that name.
[[nodiscard]] std::optional<element> find_child(element parent, const std::string& key);
/// What a pointer (RFC 6901) leads to; nothing when it leads nowhere.
[[nodiscard]] std::optional<element> find_pointer(element root, std::string_view pointer);

}  // namespace foldlog::json
