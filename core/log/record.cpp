#include "core/log/record.h"

#include <fmt/format.h>

#include <charconv>

namespace foldlog {
namespace {

constexpr std::size_t nonce_digits = 8;

template <typename Number>
bool parse_all(std::string_view text, Number& number, int base) {
  const auto [stopped, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return failure == std::errc{} && stopped == text.data() + text.size();
}

}  // namespace

std::string epoch_id::text() const {
  if (offset == no_offset) return {};
  return fmt::format("{}-{:08x}", raw(offset), nonce);
}

bool epoch_id::parse(std::string_view text, epoch_id& parsed) {
  const auto dash = text.find('-');
  if (dash == 0 || dash == std::string_view::npos) return false;
  const auto digits = text.substr(0, dash);
  const auto hex_digits = text.substr(dash + 1);
  if (digits.size() > 1 && digits.front() == '0') return false;  // one text per epoch: readers compare it as text
  if (hex_digits.size() != nonce_digits || hex_digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return false;
  }
  std::int64_t offset = 0;
  std::uint32_t nonce = 0;
  if (!parse_all(digits, offset, 10) || !parse_all(hex_digits, nonce, 16)) return false;
  parsed = {offset_t{offset}, nonce};
  return true;
}

}  // namespace foldlog
