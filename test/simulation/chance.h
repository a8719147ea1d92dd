#pragma once

#include <chrono>
#include <cstdint>

namespace foldlog::test {

/// All chance of a run comes from its seed: splitmix64, the same on every machine.
class chance {
 public:
  explicit chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    return mixed ^ mixed >> 31;
  }
  std::uint64_t below(std::uint64_t n) { return bits() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// `rate`: of 1000.
  bool per_mille(std::uint32_t rate) { return below(1000) < rate; }
  /// From 0 to `most`; small ones are far more frequent than large ones.
  std::chrono::nanoseconds delay(std::chrono::nanoseconds most) {
    const auto whole = static_cast<std::uint64_t>(most.count()) + 1;
    const std::uint64_t shift = below(8);
    return std::chrono::nanoseconds(below((whole >> shift) + 1));
  }
  /// A source of its own, whose use does not change this one.
  chance fork() { return chance(bits()); }

 private:
  std::uint64_t state_;
};

}  // namespace foldlog::test
