#include "core/http/structured_field.h"

#include <algorithm>

#include "core/http/text.h"

namespace foldlog::http {
namespace {

bool is_key_byte(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
}

// The bytes of tokens, numbers, booleans and byte sequences; which of them it is does not matter here.
bool is_bare_byte(char c) { return is_token_byte(c) || c == ':' || c == '/' || c == '?' || c == '='; }

// Takes a String off the front.
std::optional<std::string> take_string(std::string_view& rest) {
  std::string text;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return text;
    }
    if (rest[i] == '\\') {
      ++i;
      if (i == rest.size() || (rest[i] != '"' && rest[i] != '\\')) return std::nullopt;
    }
    if (rest[i] < 0x20 || rest[i] > 0x7e) return std::nullopt;
    text += rest[i];
  }
  return std::nullopt;
}

template <typename Class>
std::string_view take_run(std::string_view& rest, Class of) {
  const auto run = rest.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(rest, of) - rest.begin()));
  rest.remove_prefix(run.size());
  return run;
}

bool take_parameter(std::string_view& rest) {
  rest.remove_prefix(1);
  take_run(rest, [](char c) { return c == ' '; });
  if (rest.empty() || is_digit(rest.front()) || rest.front() == '-' || rest.front() == '_' || rest.front() == '.') {
    return false;
  }
  if (take_run(rest, is_key_byte).empty()) return false;
  if (!rest.starts_with('=')) return true;
  rest.remove_prefix(1);
  return rest.starts_with('"') ? take_string(rest).has_value() : !take_run(rest, is_bare_byte).empty();
}

}  // namespace

std::optional<std::string> parse_string_item(std::string_view value) {
  if (!value.starts_with('"')) return std::nullopt;
  auto text = take_string(value);
  while (text && value.starts_with(';')) {
    if (!take_parameter(value)) return std::nullopt;
  }
  return value.empty() ? text : std::nullopt;
}

}  // namespace foldlog::http
