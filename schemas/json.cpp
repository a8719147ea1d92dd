#include "schemas/json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "schemas/decimal.h"

// simdjson's DOM checks the grammar, the UTF-8 and the surrogates, and unescapes; one walk over its result adds the
// rules of ours and lays the document out as nodes. In step with the walk goes simdjson's list of token offsets, which
// gives each value its source.
namespace foldlog::json {

namespace {

namespace dom = simdjson::dom;

bool is_number_character(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

std::size_t number_length(const char* at) {
  std::size_t length = 0;
  while (is_number_character(at[length])) ++length;
  return length;
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

enum class number_form { malformed, integer, real };

number_form form_of(std::string_view text) {
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  std::size_t at = skip_digits(text, first);
  if (at == first || (text[first] == '0' && at > first + 1)) return number_form::malformed;
  if (at == text.size()) return number_form::integer;
  if (text[at] == '.') {
    const auto fraction = at + 1;
    at = skip_digits(text, fraction);
    if (at == fraction) return number_form::malformed;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const auto exponent = at;
    at = skip_digits(text, exponent);
    if (at == exponent) return number_form::malformed;
  }
  return at == text.size() ? number_form::real : number_form::malformed;
}

/// A number that simdjson refuses for its size alone.
bool is_beyond_range(std::string_view text) {
  const auto beyond = [&](auto number) {
    return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc::result_out_of_range;
  };
  switch (form_of(text)) {
    case number_form::malformed:
      return false;
    case number_form::integer:
      return beyond(std::int64_t{}) && (text.starts_with('-') || beyond(std::uint64_t{}));
    case number_form::real:
      return beyond(double{}) && decimal::parse(text).exponent > 0;
  }
  return false;
}

struct walk {
  const char* source;           // the text as sent
  const std::uint32_t* tokens;  // offsets of brackets, punctuation and beginnings of scalars, in order
  std::span<const std::uint32_t> big_numbers;
  std::vector<node>& nodes;
  std::vector<std::string_view>& keys;  // scratch
  std::string problem;

  bool refuse(std::string what, std::uint32_t offset) {
    problem = std::move(what) + " at byte " + std::to_string(offset);
    return false;
  }

  std::uint32_t next_token() {
    while (true) {
      const auto offset = *tokens++;
      const char c = source[offset];
      if (c != ',' && c != ':' && c != '}' && c != ']') return offset;
    }
  }

  void add_string(std::string_view text) {
    nodes.push_back(
        {.kind = kind::string, .size = static_cast<std::uint32_t>(text.size()), .text = std::to_address(text.begin())});
  }

  void add_text(json::kind kind, std::uint32_t offset) {
    const auto* text = source + offset;
    nodes.push_back({.kind = kind, .size = static_cast<std::uint32_t>(number_length(text)), .text = text});
  }

  void add_integer(std::int64_t number, std::uint32_t offset) {
    if (!big_numbers.empty() && big_numbers.front() == offset) {
      big_numbers = big_numbers.subspan(1);
      return add_text(kind::big_number, offset);
    }
    nodes.push_back({.kind = kind::integer, .integer = number});
  }

  void add_real(double number, std::uint32_t offset) {
    nodes.push_back({.kind = kind::real, .real = number});
    add_text(kind::string, offset);
  }

  bool add(dom::element value, std::size_t depth) {
    const auto offset = next_token();
    switch (value.type()) {
      case dom::element_type::NULL_VALUE:
        nodes.push_back({});
        return true;
      case dom::element_type::BOOL:
        nodes.push_back({.kind = kind::boolean, .integer = bool(value) ? 1 : 0});
        return true;
      case dom::element_type::STRING:
        add_string(value.get_string().value_unsafe());
        return true;
      case dom::element_type::INT64:
        add_integer(value.get_int64().value_unsafe(), offset);
        return true;
      case dom::element_type::UINT64:
        add_text(kind::big_number, offset);
        return true;
      case dom::element_type::DOUBLE:
        add_real(value.get_double().value_unsafe(), offset);
        return true;
      case dom::element_type::ARRAY:
        return add_array(value.get_array().value_unsafe(), depth + 1, offset);
      case dom::element_type::OBJECT:
        return add_object(value.get_object().value_unsafe(), depth + 1, offset);
    }
    return false;
  }

  bool add_array(dom::array array, std::size_t depth, std::uint32_t offset) {
    if (depth > parser::depth_max) return refuse("nesting deeper than 64", offset);
    const auto at = nodes.size();
    nodes.push_back({.kind = kind::array, .span = 1});
    std::uint32_t count = 0;
    for (const auto item : array) {
      if (!add(item, depth)) return false;
      ++count;
    }
    close(at, count);
    return true;
  }

  bool add_object(dom::object object, std::size_t depth, std::uint32_t offset) {
    if (depth > parser::depth_max) return refuse("nesting deeper than 64", offset);
    const auto at = nodes.size();
    nodes.push_back({.kind = kind::object, .span = 1});
    std::uint32_t count = 0;
    for (const auto field : object) {
      next_token();
      add_string(field.key);
      if (!add(field.value, depth)) return false;
      ++count;
    }
    close(at, count);
    return count < 2 || has_unique_keys(at, offset);
  }

  void close(std::size_t at, std::uint32_t count) {
    nodes[at].size = count;
    nodes[at].span = nodes.size() - at;
  }

  bool has_unique_keys(std::size_t at, std::uint32_t offset) {
    const element object(&nodes[at]);
    if (object.size() > small_object) return has_unique_keys_sorted(object, offset);
    std::array<std::string_view, small_object> seen;
    std::size_t count = 0;
    for (const auto [key, value] : object.members()) {
      const auto end = seen.begin() + count;
      if (std::find(seen.begin(), end, key) != end) return refuse_key(key, offset);
      seen[count++] = key;
    }
    return true;
  }

  bool has_unique_keys_sorted(element object, std::uint32_t offset) {
    keys.clear();
    for (const auto [key, value] : object.members()) keys.push_back(key);
    std::ranges::sort(keys);
    const auto twin = std::ranges::adjacent_find(keys);
    return twin == keys.end() || refuse_key(*twin, offset);
  }

  bool refuse_key(std::string_view key, std::uint32_t offset) {
    std::string quoted;
    append_string(quoted, key);
    return refuse("the key " + quoted + " stands more than once in the object", offset);
  }

  static constexpr std::size_t small_object = 12;
};

std::string explain(simdjson::error_code problem) {
  switch (problem) {
    case simdjson::EMPTY:
      return "there is no JSON value";
    case simdjson::UTF8_ERROR:
      return "invalid UTF-8";
    case simdjson::DEPTH_ERROR:
      return "nesting deeper than 64";
    case simdjson::NUMBER_ERROR:
      return "a malformed number";
    case simdjson::STRING_ERROR:
      return "a malformed escape or a lone surrogate";
    case simdjson::UNCLOSED_STRING:
      return "a string without its closing quote";
    case simdjson::UNESCAPED_CHARS:
      return "an unescaped control character in a string";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      return "a misspelt true, false or null";
    case simdjson::TAPE_ERROR:
      return "a missing or misplaced bracket, comma, colon or value";
    default:
      return simdjson::error_message(problem);
  }
}

}  // namespace

struct parser::state {
  dom::parser simd;
  std::unique_ptr<char[]> buffer;  // the text, padded
  std::size_t capacity = 0;
  std::string original;  // the text as sent, when numbers of `buffer` had to be blanked
  std::vector<std::uint32_t> big_numbers;
  std::vector<node> nodes;
  std::vector<std::string_view> keys;

  void load(std::string_view text) {
    const auto needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (capacity < needed) {
      capacity = std::max(needed, 2 * capacity);
      buffer = std::make_unique_for_overwrite<char[]>(capacity);
    }
    std::memcpy(buffer.get(), text.data(), text.size());
    std::memset(buffer.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    big_numbers.clear();
  }

  /// Puts a 0 and blanks in the place of each number beyond range and notes where.
  void blank_big_numbers(std::string_view text) {
    original.assign(text);
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '"') {
        for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
        ++at;
      } else if (const auto length = number_length(original.c_str() + at); length == 0) {
        ++at;
      } else {
        if (is_beyond_range(text.substr(at, length))) {
          big_numbers.push_back(static_cast<std::uint32_t>(at));
          std::memset(buffer.get() + at, ' ', length);
          buffer[at] = '0';
        }
        at += length;
      }
    }
  }
};

parser::parser() : state_(std::make_unique<state>()) {}
parser::~parser() = default;
parser::parser(parser&&) noexcept = default;
parser& parser::operator=(parser&&) noexcept = default;

result<element> parser::parse(std::string_view text) {
  auto& s = *state_;
  const auto refuse = [](std::string_view what) { return fail(error_kind::invalid, "no JSON: " + std::string(what)); };
  if (text.starts_with("\xef\xbb\xbf")) return refuse("a byte order mark at byte 0");
  s.load(text);
  auto parsed = s.simd.parse(s.buffer.get(), text.size(), false);
  if (parsed.error() == simdjson::NUMBER_ERROR) {
    s.blank_big_numbers(text);
    if (!s.big_numbers.empty()) parsed = s.simd.parse(s.buffer.get(), text.size(), false);
  }
  if (parsed.error()) return refuse(explain(parsed.error()));

  s.nodes.clear();
  s.nodes.reserve(2 * std::size_t{s.simd.implementation->n_structural_indexes} + 2);
  walk builder{.source = s.big_numbers.empty() ? s.buffer.get() : s.original.data(),
               .tokens = s.simd.implementation->structural_indexes.get(),
               .big_numbers = s.big_numbers,
               .nodes = s.nodes,
               .keys = s.keys,
               .problem = {}};
  if (!builder.add(parsed.value_unsafe(), 0)) return refuse(builder.problem);
  return element(s.nodes.data());
}

}  // namespace foldlog::json
