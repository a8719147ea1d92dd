#include "schemas/format.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "schemas/pattern.h"
#include "schemas/uri.h"

namespace foldlog {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool is_alphanumeric(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// A number of exactly that many digits, at most `most`.
std::optional<int> take_number(std::string_view& text, std::size_t digits, int most) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number <= most ? std::optional(number) : std::nullopt;
}

bool skip_digits(std::string_view& text) {
  const auto* const end = std::ranges::find_if_not(text, is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count > 0;
}

// ---- RFC 3339

bool is_date(std::string_view text) {
  const auto year = take_number(text, 4, 9999);
  if (!year || !take(text, '-')) return false;
  const auto month = take_number(text, 2, 12);
  if (!month || *month == 0 || !take(text, '-')) return false;
  constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  const int days = lengths.at(static_cast<std::size_t>(*month - 1)) + (*month == 2 && leap ? 1 : 0);
  const auto day = take_number(text, 2, days);
  return day && *day > 0 && text.empty();
}

/// The offset from UTC in minutes.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return 0;
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2, 23);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2, 59);
  if (!minutes) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

bool is_time(std::string_view text) {
  const auto hour = take_number(text, 2, 23);
  if (!hour || !take(text, ':')) return false;
  const auto minute = take_number(text, 2, 59);
  if (!minute || !take(text, ':')) return false;
  const auto second = take_number(text, 2, 60);
  if (!second || (take(text, '.') && !skip_digits(text))) return false;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return false;
  // A leap second stands at 23:59:60 UTC only.
  constexpr int day = 24 * 60;
  return *second < 60 || (*hour * 60 + *minute - *offset + day) % day == day - 1;
}

bool is_date_time(std::string_view text) {
  constexpr std::size_t date_size = 10;
  return text.size() > date_size && (text[date_size] | 0x20) == 't' && is_date(text.substr(0, date_size)) &&
         is_time(text.substr(date_size + 1));
}

/// Numbers with these units, in their order, without a gap between two (RFC 3339 appendix A).
bool take_units(std::string_view& text, std::string_view units) {
  std::optional<std::size_t> last;
  while (!text.empty() && text.front() != 'T') {
    if (!skip_digits(text) || text.empty()) return false;
    const auto unit = units.find(text.front());
    if (unit == std::string_view::npos || (last && unit != *last + 1)) return false;
    last = unit;
    text.remove_prefix(1);
  }
  return last.has_value();
}

bool is_duration(std::string_view text) {
  if (!take(text, 'P')) return false;
  if (text.ends_with('W')) {
    text.remove_suffix(1);
    return skip_digits(text) && text.empty();
  }
  if (!text.starts_with('T') && !take_units(text, "YMD")) return false;
  return text.empty() || (take(text, 'T') && take_units(text, "HMS") && text.empty());
}

// ---- names and addresses

bool is_hostname(std::string_view text) {
  constexpr std::size_t name_max = 253;
  constexpr std::size_t label_max = 63;
  if (text.empty() || text.size() > name_max) return false;
  for (bool more = true; more;) {
    const auto end = text.find('.');
    const auto label = text.substr(0, end);
    if (label.empty() || label.size() > label_max || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; })) return false;
    // "xn--" is the one meaning that IDNA 2008 gives to hyphens in the third and fourth place (RFC 5891, 4.2.3.1).
    if (label.size() > 3 && label.substr(2, 2) == "--" && !label.starts_with("xn") && !label.starts_with("XN"))
      return false;
    more = end != std::string_view::npos;
    if (more) text.remove_prefix(end + 1);
  }
  return true;
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !take(text, '.')) return false;
    const auto* const end = std::ranges::find_if_not(text, is_digit);
    const auto digits = static_cast<std::size_t>(end - text.begin());
    if (digits == 0 || digits > 3 || (digits > 1 && text.front() == '0')) return false;
    if (!take_number(text, digits, 255)) return false;
  }
  return text.empty();
}

bool is_quoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"' || text[at] < ' ' || text[at] > '~') return false;
    if (text[at] == '\\') ++at;
    if (at == text.size()) return false;
  }
  return true;
}

bool is_dot_atom(std::string_view text) {
  constexpr std::string_view more = "!#$%&'*+-/=?^_`{|}~.";
  return !text.empty() && text.front() != '.' && text.back() != '.' && !text.contains("..") &&
         std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || more.contains(c); });
}

/// Mailbox of RFC 5321 section 4.1.2.
bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return false;
  const auto local = text.substr(0, at);
  auto domain = text.substr(at + 1);
  if (!is_dot_atom(local) && !is_quoted(local)) return false;
  if (!domain.starts_with('[') || !domain.ends_with(']')) return is_hostname(domain);
  domain = domain.substr(1, domain.size() - 2);
  return domain.starts_with("IPv6:") ? is_ipv6(domain.substr(5)) : is_ipv4(domain);
}

// ---- references

bool is_uri(std::string_view text) { return uri_parts::split(text).scheme && is_uri_reference(text); }

bool is_uuid(std::string_view text) {
  constexpr std::size_t size = 36;
  if (text.size() != size) return false;
  for (std::size_t at = 0; at < size; ++at) {
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    if (dash ? text[at] != '-' : !is_hex(text[at])) return false;
  }
  return true;
}

bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (auto at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

/// A pattern that this library can run: look-around and back-references are none (schemas/pattern.h).
bool is_regex(std::string_view text) { return pattern::compile(text).has_value(); }

}  // namespace

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool shortened = take(text, ':');
  if (shortened && !text.starts_with(':')) return false;
  if (shortened) text.remove_prefix(1);
  bool separated = true;
  while (!text.empty()) {
    if (!separated) return false;
    const auto* const end = std::ranges::find_if_not(text, is_hex);
    const auto digits = static_cast<std::size_t>(end - text.begin());
    if (end != text.end() && *end == '.') {
      if (!is_ipv4(text)) return false;
      groups += 2;
      text = {};
      break;
    }
    if (digits == 0 || digits > 4) return false;
    ++groups;
    text.remove_prefix(digits);
    separated = take(text, ':');
    if (separated && text.empty()) return false;
    if (separated && take(text, ':')) {
      if (std::exchange(shortened, true)) return false;
    }
  }
  return shortened ? groups < 8 : groups == 8;
}

format_check find_format(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, format_check>, 13> formats{{{"date-time", is_date_time},
                                                                               {"date", is_date},
                                                                               {"time", is_time},
                                                                               {"duration", is_duration},
                                                                               {"email", is_email},
                                                                               {"hostname", is_hostname},
                                                                               {"ipv4", is_ipv4},
                                                                               {"ipv6", is_ipv6},
                                                                               {"uri", is_uri},
                                                                               {"uri-reference", is_uri_reference},
                                                                               {"uuid", is_uuid},
                                                                               {"regex", is_regex},
                                                                               {"json-pointer", is_json_pointer}}};
  const auto* const found = std::ranges::find(formats, name, &std::pair<std::string_view, format_check>::first);
  return found == formats.end() ? nullptr : found->second;
}

}  // namespace foldlog
