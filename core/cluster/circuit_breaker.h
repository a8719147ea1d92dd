#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/base/random.h"

namespace foldlog {

enum class circuit : std::uint8_t {
  closed,     ///< requests go
  open,       ///< none go: it failed too often lately
  half_open,  ///< one goes, to see
};
[[nodiscard]] std::string_view name(circuit state);

struct breaker_options {
  int failures = 5;                             ///< in a row, until it opens
  std::chrono::milliseconds shortest{200};      ///< open for so long, doubled each time that the trial fails ...
  std::chrono::milliseconds longest{5'000};     ///< ... up to this; each time less up to half, by chance
  std::chrono::milliseconds trial_time{3'000};  ///< a trial that was not told by then has failed
};

/// Keeps requests from a peer that does not answer, so that they end at once and it can recover. Pure; time and chance
/// are handed in.
class circuit_breaker {
 public:
  explicit circuit_breaker(breaker_options options = {}) : options_(options) {}

  /// Whether a request may go now; in half-open it is the trial.
  [[nodiscard]] bool allows(std::chrono::nanoseconds now);
  void succeeded();
  void failed(std::chrono::nanoseconds now, const random_source& random);
  [[nodiscard]] circuit state() const { return state_; }
  [[nodiscard]] std::uint64_t times_opened() const { return opened_; }

 private:
  void open(std::chrono::nanoseconds now, const random_source& random);

  breaker_options options_;
  circuit state_ = circuit::closed;
  int failures_ = 0;
  std::chrono::nanoseconds pause_{};
  std::chrono::nanoseconds until_{};  ///< open: until then; half-open: the trial is lost then
  std::uint64_t opened_ = 0;
};

/// Full jitter: anything from 0 to `first` doubled `attempt` times, at most `longest`.
[[nodiscard]] std::chrono::nanoseconds full_jitter(int attempt, std::chrono::nanoseconds first,
                                                   std::chrono::nanoseconds longest, const random_source& random);

}  // namespace foldlog
