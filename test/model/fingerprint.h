#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/log/record.h"

namespace foldlog::test {

struct digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const digest&) const = default;
};

/// 128 bits over whatever is added. Nonces are random in the engine and only ever compared: they are renamed in the
/// order in which they are met, so that states that differ in nothing else are one.
class fingerprint {
 public:
  void add(std::uint64_t value) {
    sum_.high = (sum_.high ^ value) * 0x9e3779b97f4a7c15U;
    sum_.high ^= sum_.high >> 29;
    sum_.low = (sum_.low + value) * 0xc2b2ae3d27d4eb4fU;
    sum_.low ^= sum_.low >> 31;
  }
  void add(const digest& other) {
    add(other.high);
    add(other.low);
  }
  void add_nonce(std::uint32_t nonce);
  void add_epoch(const epoch_id& epoch) {
    add(static_cast<std::uint64_t>(raw(epoch.offset)));
    add_nonce(epoch.nonce);
  }
  [[nodiscard]] bool knows(std::uint32_t nonce) const;
  [[nodiscard]] digest sum() const { return sum_; }
  /// A new sum with the names of this one.
  [[nodiscard]] fingerprint fresh() const {
    fingerprint made;
    made.nonces_ = nonces_;
    return made;
  }

 private:
  digest sum_{0x243f6a8885a308d3U, 0x13198a2e03707344U};
  std::vector<std::uint32_t> nonces_;
};

}  // namespace foldlog::test

template <>
struct std::hash<foldlog::test::digest> {
  std::size_t operator()(const foldlog::test::digest& of) const noexcept { return of.high ^ of.low; }
};
