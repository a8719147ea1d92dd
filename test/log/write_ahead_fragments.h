#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/log/checksum.h"

namespace foldlog::test {

constexpr char whole_record = 1;
constexpr char first_of_record = 2;
constexpr char middle_of_record = 3;
constexpr char last_of_record = 4;

/// As RocksDB writes it; the payload has less than 32 KiB.
inline std::string fragment(char type, std::string_view payload) {
  std::string body(1, type);
  body += payload;
  const auto plain = crc32c(body);
  const std::uint32_t masked = ((plain >> 15) | (plain << 17)) + 0xa282ead8U;
  std::string made;
  for (int n = 0; n < 4; ++n) made.push_back(static_cast<char>(masked >> (8 * n)));
  made.push_back(static_cast<char>(payload.size()));
  made.push_back(static_cast<char>(payload.size() >> 8));
  return made + body;
}

}  // namespace foldlog::test
