#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace foldlog::http {

/// How fast bytes must come, or go: they may take `grace`, and one second more for every `rate` bytes of them. So a
/// client that drips a byte now and then is given up, and one that is only slow is not.
struct pace_limit {
  std::chrono::milliseconds grace;
  std::uint64_t rate;  ///< bytes a second, at least 1
};

/// A stretch of bytes that is being measured. Pure: the time is handed in.
class pace {
 public:
  using ticks = std::uint64_t;

  void begin(ticks now) {
    began_ = now;
    bytes_ = 0;
  }
  void end() { began_ = 0; }
  [[nodiscard]] bool running() const { return began_ != 0; }
  void add(std::size_t bytes) { bytes_ += bytes; }
  [[nodiscard]] ticks passed(ticks now) const { return now - began_; }
  /// The time that what has passed so far is given.
  [[nodiscard]] std::chrono::milliseconds allowed(const pace_limit& by) const {
    return by.grace + std::chrono::milliseconds(bytes_ * 1000 / by.rate);
  }

 private:
  ticks began_ = 0;  // 0: nothing is being measured
  std::uint64_t bytes_ = 0;
};

}  // namespace foldlog::http
