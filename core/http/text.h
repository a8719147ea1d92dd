#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// The character classes of RFC 9110 and 9112 that the HTTP edge needs.
namespace foldlog::http {

[[nodiscard]] constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }
[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

/// The value of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

namespace detail {
consteval std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) table[c] = is_digit(static_cast<char>(c)) || is_letter(static_cast<char>(c));
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr auto token_bytes = token_table();

consteval std::array<bool, 256> host_table() {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) table[c] = is_digit(static_cast<char>(c)) || is_letter(static_cast<char>(c));
  for (const char c : std::string_view("-._~%!$&'()*+,;=:[]")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr auto host_bytes = host_table();
}  // namespace detail

/// RFC 9110, 5.6.2: what a method and a field name are made of.
[[nodiscard]] constexpr bool is_token_byte(char c) { return detail::token_bytes[static_cast<unsigned char>(c)]; }
/// RFC 3986, 3.2: what a host and a port are made of.
[[nodiscard]] constexpr bool is_host_byte(char c) { return detail::host_bytes[static_cast<unsigned char>(c)]; }
/// RFC 9110, 5.5: what a field value is made of (with obs-text).
[[nodiscard]] constexpr bool is_field_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace foldlog::http
