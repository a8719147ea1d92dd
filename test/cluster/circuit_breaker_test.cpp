#include "core/cluster/circuit_breaker.h"

#include <doctest/doctest.h>

#include <set>

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;

const random_source least = [] { return std::uint64_t{0}; };

TEST_CASE("a circuit opens after failures in a row, and not after as many with a success between") {
  circuit_breaker breaker({.failures = 3, .shortest = 100ms, .longest = 400ms});
  breaker.failed(0s, least);
  breaker.failed(0s, least);
  breaker.succeeded();
  breaker.failed(0s, least);
  breaker.failed(0s, least);
  CHECK(breaker.allows(0s));
  breaker.failed(0s, least);
  CHECK(breaker.state() == circuit::open);
  CHECK_FALSE(breaker.allows(49ms));
}

TEST_CASE("after a pause one request goes, to see; it decides") {
  circuit_breaker breaker({.failures = 1, .shortest = 100ms, .longest = 400ms, .trial_time = 1s});
  breaker.failed(0s, least);  // open for 50 ms
  CHECK(breaker.allows(50ms));
  CHECK(breaker.state() == circuit::half_open);
  CHECK_FALSE(breaker.allows(51ms));  // one only
  breaker.failed(60ms, least);        // twice as long now
  CHECK_FALSE(breaker.allows(159ms));
  CHECK(breaker.allows(160ms));
  breaker.succeeded();
  CHECK(breaker.state() == circuit::closed);
  CHECK(breaker.times_opened() == 2);
  CHECK(breaker.allows(161ms));
}

TEST_CASE("a trial that is never told does not close the way for ever") {
  circuit_breaker breaker({.failures = 1, .shortest = 100ms, .longest = 400ms, .trial_time = 1s});
  breaker.failed(0s, least);
  CHECK(breaker.allows(50ms));
  CHECK_FALSE(breaker.allows(1049ms));
  CHECK(breaker.allows(1050ms));
}

TEST_CASE("pauses double up to the longest, and are spread") {
  CHECK(full_jitter(0, 10ms, 500ms, least) == 0ms);
  std::set<std::chrono::nanoseconds> seen;
  std::uint64_t next = 0;
  const random_source chance = [&next] { return next += 7'919'000; };
  for (int n = 0; n < 100; ++n) {
    const auto pause = full_jitter(3, 10ms, 500ms, chance);
    CHECK(pause <= 80ms);
    seen.insert(pause);
  }
  CHECK(seen.size() > 5);
  const random_source edge = [] { return std::uint64_t{500'000'000}; };
  CHECK(full_jitter(40, 10ms, 500ms, edge) == 500ms);
}

}  // namespace
}  // namespace foldlog::test
