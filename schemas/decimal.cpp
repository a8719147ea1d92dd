#include "schemas/decimal.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cassert>
#include <charconv>

namespace foldlog::json {

namespace {

constexpr std::int64_t exponent_max = 100'000'000'000'000'000;
// A text's exponent is read beyond that, so that the sum with the mantissa's digits is what is cut.
constexpr std::int64_t text_exponent_max = 9 * exponent_max;
__extension__ using uint128 = unsigned __int128;

/// `e+12`, `E-3` or nothing.
std::int64_t read_exponent(std::string_view text) {
  if (text.empty()) return 0;
  text.remove_prefix(1);
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  std::int64_t exponent = 0;
  for (const char digit : text) exponent = std::min(exponent * 10 + (digit - '0'), text_exponent_max);
  return negative ? -exponent : exponent;
}

constexpr std::size_t word_digits = 18;

/// `10^exponent mod modulus`, by squaring. The number holds the square of the modulus.
template <typename Number, typename Modulus>
Modulus power_of_ten(std::uint64_t exponent, const Modulus& modulus) {
  Modulus power(1 % modulus);
  Modulus base(10 % modulus);
  for (; exponent != 0; exponent /= 2) {
    if (exponent % 2 == 1) power = static_cast<Modulus>(Number(power) * base % modulus);
    base = static_cast<Modulus>(Number(base) * base % modulus);
  }
  return power;
}

/// Whether `digits * 10^shift` is a multiple of `divisor`, both written in digits.
template <typename Number, typename Modulus>
bool divides(std::string_view divisor, std::string_view digits, std::uint64_t shift) {
  Modulus modulus(0);
  for (const char digit : divisor) modulus = modulus * 10 + static_cast<unsigned>(digit - '0');
  if (modulus == 0) return false;
  Modulus rest(0);
  for (const char digit : digits) rest = (rest * 10 + static_cast<unsigned>(digit - '0')) % modulus;
  return Number(rest) * power_of_ten<Number, Modulus>(shift, modulus) % modulus == 0;
}

}  // namespace

decimal decimal::parse(std::string_view text) {
  decimal number;
  number.negative = text.starts_with('-');
  if (number.negative) text.remove_prefix(1);
  const auto mantissa = text.substr(0, text.find_first_of("eE"));
  const auto point = mantissa.find('.');
  const auto whole = mantissa.substr(0, point);
  number.digits = whole;
  if (point != std::string_view::npos) number.digits += mantissa.substr(point + 1);
  const auto first = number.digits.find_first_not_of('0');
  if (first == std::string::npos) return {};
  number.digits.erase(number.digits.find_last_not_of('0') + 1);
  number.digits.erase(0, first);
  const auto exponent = static_cast<std::int64_t>(whole.size()) - static_cast<std::int64_t>(first) +
                        read_exponent(text.substr(mantissa.size()));
  number.exponent = std::clamp(exponent, -exponent_max, exponent_max);
  return number;
}

decimal decimal::of(element number) {
  assert(number.is_number());
  if (number.kind() != kind::integer) return parse(number.number_text());
  std::string digits;
  append_integer(digits, *number.as_int64());
  return parse(digits);
}

std::optional<std::uint64_t> decimal::magnitude() const {
  if (!is_integer() || exponent > 20) return std::nullopt;
  std::string text = digits;
  text.resize(static_cast<std::size_t>(exponent), '0');
  if (text.empty()) return 0;
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() ? std::optional(number) : std::nullopt;
}

bool decimal::is_multiple_of(const decimal& divisor) const {
  assert(!divisor.digits.empty() && divisor.digits.size() <= divisor_digits_max);
  if (digits.empty()) return true;
  // As integers: digits * 10^last / (divisor.digits * 10^divisor_last). Without a trailing zero `digits` has no
  // factor 10.
  const auto shift = (exponent - static_cast<std::int64_t>(digits.size())) -
                     (divisor.exponent - static_cast<std::int64_t>(divisor.digits.size()));
  if (shift < 0) return false;
  const auto steps = static_cast<std::uint64_t>(shift);
  if (divisor.digits.size() <= word_digits) return divides<uint128, std::uint64_t>(divisor.digits, digits, steps);
  using boost::multiprecision::cpp_int;
  return divides<cpp_int, cpp_int>(divisor.digits, digits, steps);
}

std::strong_ordering decimal::operator<=>(const decimal& other) const {
  const auto sign = [](const decimal& number) { return number.digits.empty() ? 0 : number.negative ? -1 : 1; };
  if (sign(*this) != sign(other)) return sign(*this) <=> sign(other);
  const auto& [left, right] = negative ? std::tie(other, *this) : std::tie(*this, other);
  if (left.exponent != right.exponent) return left.exponent <=> right.exponent;
  return left.digits.compare(right.digits) <=> 0;
}

std::strong_ordering compare_numbers(element left, element right) {
  if (left.kind() == kind::integer && right.kind() == kind::integer) return *left.as_int64() <=> *right.as_int64();
  return decimal::of(left) <=> decimal::of(right);
}

}  // namespace foldlog::json
