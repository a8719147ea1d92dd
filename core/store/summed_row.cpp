#include "core/store/summed_row.h"

#include "core/base/bytes.h"

namespace foldlog {
namespace {

constexpr char summed_tag = 2;
constexpr char failed_tag = 3;

std::uint64_t zigzag(std::int64_t number) {
  return static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
}

std::int64_t unzigzag(std::uint64_t number) { return static_cast<std::int64_t>(number >> 1 ^ (~(number & 1U) + 1U)); }

}  // namespace

std::string summed_row::encode() const {
  std::string bytes(1, summed_tag);
  put_varint(bytes, numbers.size());
  for (const auto number : numbers) put_varint(bytes, zigzag(number));
  for (const auto& text : texts) put_string(bytes, text);
  return bytes;
}

std::optional<summed_row> summed_row::decode(std::string_view bytes) {
  byte_reader reader(bytes);
  if (reader.u8() != summed_tag) return std::nullopt;
  const auto count = reader.varint();
  if (!reader.ok() || count > bytes.size()) return std::nullopt;
  summed_row row;
  row.numbers.reserve(count);
  row.texts.reserve(count + 1);
  for (std::uint64_t i = 0; i < count; ++i) row.numbers.push_back(unzigzag(reader.varint()));
  for (std::uint64_t i = 0; i <= count; ++i) row.texts.emplace_back(reader.string());
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return row;
}

std::string summed_row::render() const {
  std::string json = texts.empty() ? std::string() : texts.front();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    json += std::to_string(numbers[i]);
    json += texts[i + 1];
  }
  return json;
}

bool summed_row::add(const summed_row& other) {
  if (texts != other.texts || numbers.size() != other.numbers.size()) return false;
  auto sums = numbers;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (__builtin_add_overflow(sums[i], other.numbers[i], &sums[i])) return false;
  }
  numbers = std::move(sums);
  return true;
}

std::string add_summed(std::optional<std::string_view> stored, std::string_view operand) {
  if (!stored) return std::string(operand);
  auto sum = summed_row::decode(*stored);
  const auto more = summed_row::decode(operand);
  if (!sum || !more || !sum->add(*more)) return std::string(1, failed_tag);
  return sum->encode();
}

}  // namespace foldlog
