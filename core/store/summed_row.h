#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foldlog {

/// A row of counters whose changes commute: integers between pieces of JSON text. Two rows of the same texts are added
/// number by number, in any order and grouping, so partitions never wait for each other.
///
///     {"owner":"eve","accounts":2,"closed":0}   =   texts {"owner":"eve","accounts":  ,"closed":  }   numbers 2 0
///
/// Bytes: `2 <n varint> n x <int64 zigzag varint> (n + 1) x <text with its length>`.
struct summed_row {
  std::vector<std::string> texts;  ///< one more than numbers
  std::vector<std::int64_t> numbers;

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<summed_row> decode(std::string_view bytes);
  /// The JSON text.
  [[nodiscard]] std::string render() const;
  /// False when the texts differ or a sum leaves 64 bits: nothing is changed then.
  [[nodiscard]] bool add(const summed_row& other);
  bool operator==(const summed_row&) const = default;
};

/// What a store keeps under `key` after add(): the sum of what is there (nullopt: nothing) and of the operand. Rows
/// that do not add up (other texts, beyond 64 bits, no summed row) leave the one byte 3, which decodes as nothing:
/// reported by whoever reads it, never a wrong number.
[[nodiscard]] std::string add_summed(std::optional<std::string_view> stored, std::string_view operand);

}  // namespace foldlog
