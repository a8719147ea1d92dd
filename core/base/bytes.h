#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// The byte codec of every binary format: big-endian fixed numbers (they sort as numbers), LEB128 variable numbers,
// strings with their length in front.
namespace foldlog {

inline void put_u32(std::string& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}
inline void put_u64(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}
inline void put_varint(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80U));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}
inline void put_string(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

/// Reads what the functions above wrote. After a read beyond the end or a malformed number `ok()` is false for good and
/// every further read gives zero or an empty string: check once, at the end. The views point into the input.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return give_up();
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      number |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      const bool longer_than_needed = byte == 0 && shift > 0;
      if (byte < 0x80) return longer_than_needed || (shift == 63 && byte > 1) ? give_up() : number;
    }
    return give_up();
  }
  std::string_view string() { return take(varint()); }
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) {
      give_up();
      return {};
    }
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

 private:
  std::uint64_t fixed(std::size_t size) {
    std::uint64_t number = 0;
    for (const char byte : take(size)) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
  }
  std::uint64_t give_up() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace foldlog
