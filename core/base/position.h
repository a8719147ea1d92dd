#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace foldlog {

/// A record's place in its partition: 0, 1, 2 ... -1 stands for "before the first record".
enum class offset_t : std::int64_t {};
constexpr offset_t no_offset{-1};
constexpr std::int64_t raw(offset_t offset) { return static_cast<std::int64_t>(offset); }
constexpr offset_t operator+(offset_t offset, std::int64_t n) { return offset_t{raw(offset) + n}; }
constexpr offset_t operator-(offset_t offset, std::int64_t n) { return offset_t{raw(offset) - n}; }
constexpr offset_t next(offset_t offset) { return offset + 1; }

/// An event's place in its stream: 1, 2, 3 ... 0 stands for "no such stream".
enum class version_t : std::uint64_t {};
constexpr std::uint64_t raw(version_t version) { return static_cast<std::uint64_t>(version); }
constexpr version_t operator+(version_t version, std::uint64_t n) { return version_t{raw(version) + n}; }

/// One partition of one topic.
struct topic_partition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const topic_partition&) const = default;
};

/// `<topic>/<partition>@<offset>`: everything up to and with that offset.
struct position {
  topic_partition at;
  offset_t offset = no_offset;

  [[nodiscard]] static result<position> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  auto operator<=>(const position&) const = default;
};

/// Positions joined by ',', at most one per partition, ordered by topic and partition; empty partitions are left out.
struct token {
  std::vector<position> positions;

  /// Refuses what is not a token, names the bad part; takes any order, gives them sorted.
  [[nodiscard]] static result<token> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  /// The offset named for the partition, `no_offset` when it names none.
  [[nodiscard]] offset_t find(std::string_view topic, std::int32_t partition) const;
  /// Sets the partition's offset; keeps the order.
  void set(std::string_view topic, std::int32_t partition, offset_t offset);
  bool operator==(const token&) const = default;
};

}  // namespace foldlog
