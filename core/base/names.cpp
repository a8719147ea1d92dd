#include "core/base/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace foldlog {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_continuation(unsigned char byte) { return (byte & 0xc0U) == 0x80U; }

// The length of the well-formed sequence at the start of `text` (Unicode 15, table 3-7), 0 when there is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return is_continuation(at(1)) ? 2 : 0;
  if (lead < 0xf0) {
    if (!is_continuation(at(1)) || !is_continuation(at(2))) return 0;
    if (lead == 0xe0 && at(1) < 0xa0) return 0;
    return lead == 0xed && at(1) > 0x9f ? 0 : 3;
  }
  if (lead > 0xf4 || !is_continuation(at(1)) || !is_continuation(at(2)) || !is_continuation(at(3))) return 0;
  if (lead == 0xf0 && at(1) < 0x90) return 0;
  return lead == 0xf4 && at(1) > 0x8f ? 0 : 4;
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 40 || !is_lower(text[0])) return false;
  return std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_stream_id(std::string_view text) {
  if (text.empty() || text.size() > 128 || text == "." || text == "..") return false;
  return std::ranges::all_of(text, [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '_' || c == '~' || c == ':' || c == '@' ||
           c == '-';
  });
}

bool is_type_name(std::string_view text) {
  if (text.empty() || text.size() > 60 || !is_upper(text[0])) return false;
  return std::ranges::all_of(text, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); });
}

bool is_command_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

result<stream_name> stream_name::parse(std::string_view text) {
  const auto first = text.find('/');
  const auto second = first == std::string_view::npos ? first : text.find('/', first + 1);
  if (second == std::string_view::npos) {
    return fail(error_kind::invalid, fmt::format("'{}' is no stream: expected <domain>/<category>/<id>", text));
  }
  stream_name stream{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)),
                     std::string(text.substr(second + 1))};
  if (!is_name(stream.domain)) return fail(error_kind::invalid, fmt::format("'{}' is no domain name", stream.domain));
  if (!is_name(stream.category))
    return fail(error_kind::invalid, fmt::format("'{}' is no category name", stream.category));
  if (!is_stream_id(stream.id)) return fail(error_kind::invalid, fmt::format("'{}' is no stream id", stream.id));
  return stream;
}

std::string stream_name::text() const { return fmt::format("{}/{}/{}", domain, category, id); }
std::string stream_name::topic() const { return fmt::format("{}.{}", domain, category); }

result<event_type> event_type::parse(std::string_view text) {
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  const auto bad = [&] {
    return fail(error_kind::invalid, fmt::format("'{}' is no event type: expected <domain>.<Event>.v<N>", text));
  };
  if (second == std::string_view::npos || second + 2 >= text.size() || text[second + 1] != 'v') return bad();
  event_type type{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)), 0};
  const auto digits = text.substr(second + 2);
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), type.schema_version);
  if (code != std::errc() || end != digits.data() + digits.size() || (digits[0] == '0' && digits.size() > 1))
    return bad();
  if (!is_name(type.domain) || !is_type_name(type.event)) return bad();
  return type;
}

std::string event_type::text() const { return fmt::format("{}.{}.v{}", domain, event, schema_version); }

}  // namespace foldlog
