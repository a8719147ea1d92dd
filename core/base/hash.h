#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace foldlog {

/// murmur2 as Kafka's Java client computes it (org.apache.kafka.common.utils.Utils.murmur2), so that every producer
/// and consumer agrees on the partition of a key.
[[nodiscard]] std::uint32_t murmur2(std::string_view bytes);

/// `(murmur2(id) & 0x7fffffff) % partitions`.
[[nodiscard]] std::int32_t partition_of(std::string_view id, std::int32_t partitions);

/// SHA-256 over bytes given in pieces.
class sha256 {
 public:
  sha256();
  ~sha256();
  sha256(const sha256&) = delete;
  sha256& operator=(const sha256&) = delete;

  void update(std::string_view bytes);
  /// 64 lower-case hex digits; the object starts anew afterwards.
  [[nodiscard]] std::string finish();
  /// The first 8 bytes of the digest as a big-endian number (its first 16 hex digits); starts anew afterwards.
  [[nodiscard]] std::uint64_t finish_prefix();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Lower-case hex, most significant digit first, exactly `digits` of them.
[[nodiscard]] std::string hex(std::uint64_t number, int digits);

}  // namespace foldlog
