#include "query/cursor.h"

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/hash.h"

namespace foldlog::query {
namespace {

constexpr std::uint8_t cursor_version = 1;
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6) text += alphabet[held >> (bits - 6) & 63U];
  }
  if (bits > 0) text += alphabet[held << (6 - bits) & 63U];
  return text;
}

// Only the one form that to_base64url() gives: no padding, the spare bits are zero.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = held << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(held >> bits);
    }
  }
  if (bits >= 6 || (held & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::uint64_t checksum(std::string_view identity, std::string_view last) {
  std::string bytes;
  put_string(bytes, identity);
  bytes.append(last);
  sha256 digest;
  digest.update(bytes);
  return digest.finish_prefix();
}

}  // namespace

std::string encode_cursor(std::string_view identity, std::string_view last) {
  std::string bytes(1, static_cast<char>(cursor_version));
  put_u64(bytes, checksum(identity, last));
  bytes.append(last);
  return to_base64url(bytes);
}

std::optional<std::string> decode_cursor(std::string_view identity, std::string_view cursor) {
  const auto bytes = from_base64url(cursor);
  if (!bytes) return std::nullopt;
  byte_reader reader(*bytes);
  const auto version = reader.u8();
  const auto sum = reader.u64();
  if (!reader.ok() || version != cursor_version || sum != checksum(identity, reader.rest())) return std::nullopt;
  return std::string(reader.rest());
}

}  // namespace foldlog::query
