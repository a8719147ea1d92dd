#pragma once

#include <string_view>

namespace foldlog {

/// The short name of a general category of Unicode (`Lu`) for any name that ECMA-262 knows it by; what is none of those
/// comes back as it is.
[[nodiscard]] std::string_view short_category_name(std::string_view name);

}  // namespace foldlog
