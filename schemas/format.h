#pragma once

#include <string_view>

namespace foldlog {

/// Whether a string keeps to a format of JSON Schema 2020-12 (validation specification, section 7.3).
using format_check = bool (*)(std::string_view text);

/// date-time, date, time, duration, email, hostname, ipv4, ipv6, uri, uri-reference, uuid, regex, json-pointer. Null
/// for any other: those stay annotations.
[[nodiscard]] format_check find_format(std::string_view name);

[[nodiscard]] bool is_ipv6(std::string_view text);

}  // namespace foldlog
