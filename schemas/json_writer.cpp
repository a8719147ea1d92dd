#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "schemas/decimal.h"
#include "schemas/json.h"

namespace foldlog::json {

namespace {

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// Whether one of 8 bytes needs an escape; may say so wrongly, never the other way.
bool may_need_escape(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const auto has_zero = [](std::uint64_t bytes) { return (bytes - ones) & ~bytes; };
  const auto below_space = (word - ones * 0x20) & ~word;
  return ((below_space | has_zero(word ^ ones * '"') | has_zero(word ^ ones * '\\')) & ones * 0x80) != 0;
}

std::size_t find_escape(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if (may_need_escape(word)) break;
  }
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\r':
      out += "\\r";
      break;
    default:
      out.append("\\u00").append(1, digits[c >> 4]).append(1, digits[c & 15]);
  }
}

/// `0.<digits> * 10^exponent` in the layout of ECMA-262, Number::toString.
void append_ecma(std::string& out, bool negative, std::string_view digits, std::int64_t exponent) {
  const auto count = static_cast<std::int64_t>(digits.size());
  if (negative) out.push_back('-');
  if (exponent > 21 || exponent <= -6) {
    out.push_back(digits.front());
    if (count > 1) out.append(".").append(digits.substr(1));
    out.append(exponent > 0 ? "e+" : "e");
    append_integer(out, exponent - 1);
  } else if (exponent <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent), '0').append(digits);
  } else if (count <= exponent) {
    out.append(digits).append(static_cast<std::size_t>(exponent - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(exponent);
    out.append(digits.substr(0, whole)).append(".").append(digits.substr(whole));
  }
}

void append_big_number(std::string& out, std::string_view text) {
  if (text.find_first_of(".eE") == std::string_view::npos) {
    out.append(text);
    return;
  }
  const auto exact = decimal::parse(text);
  append_ecma(out, exact.negative, exact.digits, exact.exponent);
}

/// By UTF-16 code units: as bytes of UTF-8, but U+10000 and up (0xf0...) stand before U+E000 to U+FFFF (0xee, 0xef).
bool comes_before(const member& left, const member& right) {
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0xee || byte == 0xef ? byte + 0x10 : int{byte};
  };
  const auto [l, r] = std::ranges::mismatch(left.key, right.key);
  if (l == left.key.end() || r == right.key.end()) return left.key.size() < right.key.size();
  return rank(*l) < rank(*r);
}

template <typename Members, typename Write>
void append_members(std::string& out, const Members& members, Write write) {
  char before = '{';
  for (const auto& [key, value] : members) {
    out.push_back(before);
    before = ',';
    append_string(out, key);
    out.push_back(':');
    write(out, value);
  }
  if (before == '{') out.push_back('{');
  out.push_back('}');
}

template <typename Write>
void append_items(std::string& out, element array, Write write) {
  char before = '[';
  for (const auto item : array.items()) {
    out.push_back(before);
    before = ',';
    write(out, item);
  }
  if (before == '[') out.push_back('[');
  out.push_back(']');
}

struct member_list {
  const member* first;
  const member* last;
  [[nodiscard]] const member* begin() const { return first; }
  [[nodiscard]] const member* end() const { return last; }
};

void append_sorted(std::string& out, element object) {
  constexpr std::size_t small_object = 16;
  std::array<member, small_object> few;
  std::vector<member> many;
  if (object.size() > small_object) many.resize(object.size());
  member* const first = many.empty() ? few.data() : many.data();
  member* last = first;
  for (const auto one : object.members()) *last++ = one;
  std::sort(first, last, comes_before);
  append_members(out, member_list{first, last}, append_canonical);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (true) {
    const auto at = find_escape(text);
    out.append(text.substr(0, at));
    if (at == text.size()) break;
    append_escape(out, text[at]);
    text.remove_prefix(at + 1);
  }
  out.push_back('"');
}

void append_integer(std::string& out, std::int64_t number) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_integer(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_real(std::string& out, double number) {
  assert(std::isfinite(number));
  if (number == 0) {
    out.push_back('0');
    return;
  }
  std::array<char, 32> text;
  const auto* const end =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific).ptr;
  const auto exact = decimal::parse(std::string_view(text.data(), end));
  append_ecma(out, exact.negative, exact.digits, exact.exponent);
}

void append_canonical(std::string& out, element value) {
  switch (value.kind()) {
    case kind::real:
      return append_real(out, *value.as_double());
    case kind::big_number:
      return append_big_number(out, value.number_text());
    case kind::array:
      return append_items(out, value, append_canonical);
    case kind::object:
      return append_sorted(out, value);
    default:
      return append(out, value);
  }
}

void append(std::string& out, element value) {
  switch (value.kind()) {
    case kind::null:
      out += "null";
      break;
    case kind::boolean:
      out += value.as_bool() ? "true" : "false";
      break;
    case kind::integer:
      append_integer(out, *value.as_int64());
      break;
    case kind::real:
    case kind::big_number:
      out += value.number_text();
      break;
    case kind::string:
      append_string(out, value.as_string());
      break;
    case kind::array:
      append_items(out, value, append);
      break;
    case kind::object:
      append_members(out, value.members(), append);
      break;
  }
}

std::string text_of(element value) {
  std::string out;
  append(out, value);
  return out;
}

void append_pointer(std::string& out, std::string_view key) {
  out.push_back('/');
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace foldlog::json
