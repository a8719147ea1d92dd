#include "core/log/checksum.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace foldlog {
namespace {

constexpr std::uint32_t reflected_polynomial = 0x82f63b78;
constexpr std::size_t slices = 8;
using table = std::array<std::array<std::uint32_t, 256>, slices>;

/// tables[n][byte]: what a byte does to the checksum after n more bytes.
constexpr table make_tables() {
  table tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? reflected_polynomial : 0);
    tables[0][byte] = sum;
  }
  for (std::size_t slice = 1; slice < slices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr table tables = make_tables();

std::uint32_t step(std::uint32_t sum, char byte) {
  return (sum >> 8) ^ tables[0][(sum ^ static_cast<unsigned char>(byte)) & 0xff];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_instruction(std::string_view bytes) {
  std::uint64_t sum = 0xffffffff;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    sum = _mm_crc32_u64(sum, word);
  }
  auto low = static_cast<std::uint32_t>(sum);
  for (const char byte : bytes) low = _mm_crc32_u8(low, static_cast<unsigned char>(byte));
  return ~low;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(std::string_view bytes) {
  std::uint32_t sum = 0xffffffff;
  if constexpr (std::endian::native == std::endian::little) {
    for (; bytes.size() >= slices; bytes.remove_prefix(slices)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), slices);
      word ^= sum;
      sum = 0;
      for (std::size_t n = 0; n < slices; ++n) sum ^= tables[slices - 1 - n][(word >> (8 * n)) & 0xff];
    }
  }
  for (const char byte : bytes) sum = step(sum, byte);
  return ~sum;
}

std::uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_instruction(bytes);
#endif
  return crc32c_portable(bytes);
}

}  // namespace foldlog
