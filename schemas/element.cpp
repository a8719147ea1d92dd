#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "schemas/comparable.h"
#include "schemas/decimal.h"
#include "schemas/json.h"

namespace foldlog::json {

namespace {

constexpr node null_node{};

/// Beyond this many members two objects are compared by their comparable text.
constexpr std::size_t small_object = 16;

bool equal_objects(element left, element right) {
  if (left.size() > small_object) return comparable(left) == comparable(right);
  return std::ranges::all_of(left.members(), [&](const member& one) {
    const auto other = right.find(one.key);
    return other && equal(one.value, *other);
  });
}

void append_comparable_number(std::string& out, element number) {
  const auto exact = decimal::of(number);
  out.append(exact.negative ? "-" : "+").append(exact.digits).push_back('e');
  append_integer(out, exact.exponent);
}

void append_comparable(std::string& out, element value) {
  if (value.is_number()) return append_comparable_number(out, value);
  if (value.kind() == kind::array) {
    out.push_back('[');
    for (const auto item : value.items()) {
      append_comparable(out, item);
      out.push_back(',');
    }
    out.push_back(']');
  } else if (value.kind() == kind::object) {
    std::vector<member> members(value.members().begin(), value.members().end());
    std::ranges::sort(members, {}, &member::key);
    out.push_back('{');
    for (const auto& [key, content] : members) {
      append_string(out, key);
      append_comparable(out, content);
      out.push_back(',');
    }
    out.push_back('}');
  } else {
    append(out, value);
  }
}

}  // namespace

std::string_view name(kind kind) {
  switch (kind) {
    case kind::null:
      return "null";
    case kind::boolean:
      return "boolean";
    case kind::integer:
      return "integer";
    case kind::real:
    case kind::big_number:
      return "number";
    case kind::string:
      return "string";
    case kind::array:
      return "array";
    case kind::object:
      return "object";
  }
  return "";
}

element::element() : at_(&null_node) {}

std::optional<std::int64_t> element::integer_of_text() const {
  const auto exact = decimal::parse(number_text());
  const auto magnitude = exact.magnitude();
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (!magnitude || *magnitude > most + (exact.negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(exact.negative ? 0 - *magnitude : *magnitude);
}

std::optional<std::uint64_t> element::as_uint64() const {
  if (kind() == json::kind::integer) {
    return at_->integer >= 0 ? std::optional(static_cast<std::uint64_t>(at_->integer)) : std::nullopt;
  }
  if (!is_number()) return std::nullopt;
  const auto exact = decimal::parse(number_text());
  return exact.negative ? std::nullopt : exact.magnitude();
}

std::optional<double> element::as_double() const {
  if (kind() == json::kind::integer) return static_cast<double>(at_->integer);
  if (kind() == json::kind::real) return at_->real;
  if (kind() != json::kind::big_number) return std::nullopt;
  double number = 0;
  const auto problem = std::from_chars(at_->text, at_->text + at_->size, number).ec;
  return problem == std::errc() ? std::optional(number) : std::nullopt;
}

std::string_view element::number_text() const {
  if (kind() == json::kind::real) return {at_[1].text, at_[1].size};
  return kind() == json::kind::big_number ? std::string_view(at_->text, at_->size) : std::string_view();
}

bool equal(element left, element right) {
  if (left.is_number() && right.is_number()) return compare_numbers(left, right) == 0;
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case kind::boolean:
      return left.as_bool() == right.as_bool();
    case kind::string:
      return left.as_string() == right.as_string();
    case kind::array:
      return std::ranges::equal(left.items(), right.items(), equal);
    case kind::object:
      return left.size() == right.size() && equal_objects(left, right);
    default:
      return true;
  }
}

std::string comparable(element value) {
  std::string out;
  append_comparable(out, value);
  return out;
}

}  // namespace foldlog::json
