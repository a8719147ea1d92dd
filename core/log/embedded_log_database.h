#pragma once

#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>

#include "core/base/position.h"
#include "core/base/result.h"

// What the files of the embedded log share about RocksDB: keys, options, errors. Not for others.
namespace foldlog::embedded {

constexpr std::size_t prefix_size = 8;
constexpr std::size_t key_size = 16;

struct record_key {
  std::array<char, key_size> bytes;
  [[nodiscard]] rocksdb::Slice slice() const { return {bytes.data(), bytes.size()}; }
};

inline void store_big_endian(char* to, std::uint64_t number, std::size_t size) {
  for (std::size_t n = size; n-- > 0; number >>= 8) to[n] = static_cast<char>(number);
}

class partition_prefix {
 public:
  partition_prefix(std::uint32_t topic, std::int32_t partition) {
    store_big_endian(bytes_.data(), topic, 4);
    store_big_endian(bytes_.data() + 4, static_cast<std::uint32_t>(partition), 4);
  }
  [[nodiscard]] record_key key(offset_t offset) const {
    record_key made{};
    std::memcpy(made.bytes.data(), bytes_.data(), prefix_size);
    store_big_endian(made.bytes.data() + prefix_size, static_cast<std::uint64_t>(raw(offset)), 8);
    return made;
  }
  [[nodiscard]] bool matches(const rocksdb::Slice& key) const {
    return key.size() == key_size && std::memcmp(key.data(), bytes_.data(), prefix_size) == 0;
  }

 private:
  std::array<char, prefix_size> bytes_{};
};

[[nodiscard]] inline offset_t offset_in(const rocksdb::Slice& key) {
  std::uint64_t number = 0;
  for (std::size_t n = prefix_size; n < key_size; ++n) number = number << 8 | static_cast<unsigned char>(key[n]);
  return offset_t{static_cast<std::int64_t>(number)};
}

[[nodiscard]] rocksdb::Slice description_key();
[[nodiscard]] rocksdb::Options database_options();
[[nodiscard]] rocksdb::WriteOptions synced();
/// Names the folder and what RocksDB said; a lock that another holds is a conflict.
[[nodiscard]] error to_error(const rocksdb::Status& status, const std::filesystem::path& folder);

}  // namespace foldlog::embedded
