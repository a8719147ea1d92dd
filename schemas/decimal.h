#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/json.h"

namespace foldlog::json {

/// A number of JSON in its exact value: `0.<digits> * 10^exponent`. No leading or trailing zeros; zero has no digits,
/// the exponent 0 and no sign, so equal numbers have equal members. Exponents beyond +-10^17 are taken as that.
struct decimal {
  bool negative = false;
  std::string digits = {};
  std::int64_t exponent = 0;

  /// The text must be a number of JSON.
  [[nodiscard]] static decimal parse(std::string_view text);
  /// The element must be a number.
  [[nodiscard]] static decimal of(element number);

  [[nodiscard]] bool is_integer() const {
    return static_cast<std::int64_t>(digits.size()) <= exponent || digits.empty();
  }
  /// Nothing when it is no integer or its magnitude is beyond 64 bits (the sign is left out).
  [[nodiscard]] std::optional<std::uint64_t> magnitude() const;
  /// Whether `*this / divisor` is an integer. The divisor is above zero and has at most `divisor_digits_max` digits.
  [[nodiscard]] bool is_multiple_of(const decimal& divisor) const;
  static constexpr std::size_t divisor_digits_max = 1'000;

  bool operator==(const decimal&) const = default;
  [[nodiscard]] std::strong_ordering operator<=>(const decimal& other) const;
};

/// Compares two numbers exactly.
[[nodiscard]] std::strong_ordering compare_numbers(element left, element right);

}  // namespace foldlog::json
