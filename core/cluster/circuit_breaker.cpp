#include "core/cluster/circuit_breaker.h"

#include <algorithm>

namespace foldlog {

std::string_view name(circuit state) {
  switch (state) {
    case circuit::closed:
      return "closed";
    case circuit::open:
      return "open";
    case circuit::half_open:
      return "half-open";
  }
  return "open";
}

bool circuit_breaker::allows(std::chrono::nanoseconds now) {
  if (state_ == circuit::closed) return true;
  if (now < until_) return false;
  state_ = circuit::half_open;
  until_ = now + options_.trial_time;
  return true;
}

void circuit_breaker::succeeded() {
  state_ = circuit::closed;
  failures_ = 0;
  pause_ = {};
}

void circuit_breaker::failed(std::chrono::nanoseconds now, const random_source& random) {
  ++failures_;
  if (state_ == circuit::half_open || (state_ == circuit::closed && failures_ >= options_.failures)) open(now, random);
}

void circuit_breaker::open(std::chrono::nanoseconds now, const random_source& random) {
  state_ = circuit::open;
  ++opened_;
  pause_ = std::clamp<std::chrono::nanoseconds>(pause_ * 2, options_.shortest, options_.longest);
  const auto half = pause_ / 2;
  until_ = now + half + std::chrono::nanoseconds(random() % static_cast<std::uint64_t>(half.count() + 1));
}

std::chrono::nanoseconds full_jitter(int attempt, std::chrono::nanoseconds first, std::chrono::nanoseconds longest,
                                     const random_source& random) {
  const auto most = std::min(longest, first * (std::int64_t{1} << std::min(attempt, 30)));
  return std::chrono::nanoseconds(random() % static_cast<std::uint64_t>(most.count() + 1));
}

}  // namespace foldlog
