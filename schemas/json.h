#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

// JSON (RFC 8259) in and out. Reading is stricter than the RFC, as API.md section 2 demands; no number is ever too
// large.
namespace foldlog::json {

enum class kind : std::uint8_t {
  null,
  boolean,
  integer,     ///< written without fraction and exponent, fits std::int64_t
  real,        ///< written with a fraction or an exponent (5.0 too), fits a double
  big_number,  ///< any number beyond those two: its text is all there is
  string,
  array,
  object,
};
[[nodiscard]] std::string_view name(kind kind);

/// One cell of a parsed document, in document order: a container is followed by its content, a real by its text. Only
/// `element` and `parser` look inside.
struct node {
  json::kind kind = json::kind::null;
  std::uint32_t size = 0;  ///< bytes of a string or number text, members, items
  union {
    std::int64_t integer = 0;
    double real;
    const char* text;
    std::uint64_t span;  ///< of a container: cells up to the one behind it
  };
};

struct member;

/// A value of a parsed document: a pointer, to be passed by value. Lives until its parser parses again or ends. A
/// default constructed element is null.
class element {
 public:
  element();
  explicit element(const node* at) : at_(at) {}

  [[nodiscard]] json::kind kind() const { return at_->kind; }
  [[nodiscard]] bool is_number() const { return kind() >= json::kind::integer && kind() <= json::kind::big_number; }

  /// Of a string: its text, unescaped. Otherwise empty.
  [[nodiscard]] std::string_view as_string() const {
    return kind() == json::kind::string ? std::string_view(at_->text, at_->size) : std::string_view();
  }
  /// Of `true`: true. Otherwise false.
  [[nodiscard]] bool as_bool() const { return kind() == json::kind::boolean && at_->integer != 0; }
  /// Of a number whose exact value is an integer of 64 bits: 5, 5.0 and 5e0 are the integer 5. Otherwise nothing.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const {
    if (kind() == json::kind::integer) return at_->integer;
    return is_number() ? integer_of_text() : std::nullopt;
  }
  /// The same for unsigned integers of 64 bits.
  [[nodiscard]] std::optional<std::uint64_t> as_uint64() const;
  /// Of a number within a double's range: the nearest double. Otherwise nothing.
  [[nodiscard]] std::optional<double> as_double() const;
  /// Of a real or a big number: its text as sent. Otherwise empty (an integer is its digits).
  [[nodiscard]] std::string_view number_text() const;

  /// Of a container: how many members or items. Otherwise 0.
  [[nodiscard]] std::size_t size() const { return is_container() ? at_->size : 0; }

  class item_iterator;
  class member_iterator;
  template <typename iterator>
  struct range {
    iterator first;
    iterator last;
    [[nodiscard]] iterator begin() const { return first; }
    [[nodiscard]] iterator end() const { return last; }
  };
  /// Of an array: its items in order. Otherwise nothing.
  [[nodiscard]] range<item_iterator> items() const;
  /// Of an object: its members as sent, in order. Otherwise nothing.
  [[nodiscard]] range<member_iterator> members() const;
  /// The value of that member of an object; nothing when there is none (or this is no object). Linear.
  [[nodiscard]] std::optional<element> find(std::string_view key) const;

 private:
  [[nodiscard]] bool is_container() const { return kind() >= json::kind::array; }
  [[nodiscard]] std::optional<std::int64_t> integer_of_text() const;
  [[nodiscard]] const node* behind() const {
    return at_ + (is_container() ? at_->span : kind() == json::kind::real ? 2 : 1);
  }

  const node* at_;
};

struct member {
  std::string_view key;  ///< unescaped
  element value;
};

class element::item_iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = element;
  item_iterator() = default;
  explicit item_iterator(const node* at) : at_(at) {}
  element operator*() const { return element(at_); }
  item_iterator& operator++() {
    at_ = element(at_).behind();
    return *this;
  }
  item_iterator operator++(int) {
    const auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const item_iterator&) const = default;

 private:
  const node* at_ = nullptr;
};

class element::member_iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = member;
  member_iterator() = default;
  explicit member_iterator(const node* at) : at_(at) {}
  member operator*() const { return {std::string_view(at_->text, at_->size), element(at_ + 1)}; }
  member_iterator& operator++() {
    at_ = element(at_ + 1).behind();
    return *this;
  }
  member_iterator operator++(int) {
    const auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const member_iterator&) const = default;

 private:
  const node* at_ = nullptr;
};

inline element::range<element::item_iterator> element::items() const {
  if (kind() != json::kind::array) return {};
  return {item_iterator(at_ + 1), item_iterator(behind())};
}

inline element::range<element::member_iterator> element::members() const {
  if (kind() != json::kind::object) return {};
  return {member_iterator(at_ + 1), member_iterator(behind())};
}

inline std::optional<element> element::find(std::string_view key) const {
  for (const auto [name, value] : members()) {
    if (name == key) return value;
  }
  return std::nullopt;
}

/// The same value as JSON Schema sees it: 1 equals 1.0, members in any order, no rounding.
[[nodiscard]] bool equal(element left, element right);

/// Parses one document at a time and keeps its buffers for the next. Not thread-safe; may be moved, elements stay
/// valid.
class parser {
 public:
  parser();
  ~parser();
  parser(parser&&) noexcept;
  parser& operator=(parser&&) noexcept;

  /// The document's root. The text need not outlive the call, and must not be one that this parser gave. Fails with
  /// `invalid` and says what and where (byte offset) for malformed JSON, anything before or behind the value, invalid
  /// UTF-8, a byte order mark, a lone surrogate in an escape, a repeated key (compared unescaped), nesting deeper than
  /// 64 (`[]` is depth 1).
  [[nodiscard]] result<element> parse(std::string_view text);

  static constexpr std::size_t depth_max = 64;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// RFC 8785 (JCS): members by the UTF-16 code units of their keys, numbers as ECMAScript writes them; with one addition
/// (API.md section 4): a number written as a plain integer keeps all its digits, also beyond 2^53. A number beyond a
/// double's range keeps its exact digits in ECMAScript's layout.
void append_canonical(std::string& out, element value);
/// The value as it is, members in their order, without white space; numbers keep their text.
void append(std::string& out, element value);
/// The same as a text of its own.
[[nodiscard]] std::string text_of(element value);

/// A quoted, escaped string. The text must be UTF-8.
void append_string(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t number);
void append_integer(std::string& out, std::uint64_t number);
/// As ECMA-262 Number::toString does it (the shortest digits that read back the same). Must be finite.
void append_real(std::string& out, double number);

/// Adds `/key` to a JSON Pointer (RFC 6901), `~` and `/` escaped.
void append_pointer(std::string& out, std::string_view key);

}  // namespace foldlog::json
