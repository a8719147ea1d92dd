#include "projections/fold_thread.h"

#include <algorithm>

#include "core/runtime/thread_priority.h"

namespace foldlog {
namespace {

using namespace std::chrono_literals;

// After a step: a millisecond below some 25,000 events a second; beyond that the steps grow up to 40 ms, so that rows
// that change often are written once a step and commands keep the processor.
std::chrono::microseconds gathering(std::size_t records) {
  return std::clamp<std::chrono::microseconds>(records * 40us, 1ms, 40ms);
}

constexpr auto look_again = 1000ms;
constexpr auto retry_min = 50ms;
constexpr auto retry_max = 2000ms;

}  // namespace

fold_thread::fold_thread(runner& what) : runner_(what) {
  runner_.on_ready([signal = signal_] {
    {
      const std::lock_guard lock(signal->mutex);
      signal->ready = true;
      if (!signal->waits) return;
    }
    signal->changed.notify_one();
  });
}

void fold_thread::start() {
  signal_->stopping = false;
  thread_ = std::thread([this] { run(); });
}

void fold_thread::stop() {
  {
    const std::lock_guard lock(signal_->mutex);
    signal_->stopping = true;
    signal_->changed.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void fold_thread::run() {
  lower_priority();
  auto retry = retry_min;
  while (rest(0us)) {
    const auto done = runner_.fold_some();
    if (!done) {
      std::ignore = rest(retry);
      retry = std::min(2 * retry, retry_max);
      continue;
    }
    retry = retry_min;
    if (!done->caught_up) continue;
    if (done->records > 0) std::ignore = rest(gathering(done->records));
    wait_for_more(look_again);
  }
}

void fold_thread::wait_for_more(std::chrono::milliseconds at_most) {
  std::unique_lock lock(signal_->mutex);
  signal_->waits = true;
  signal_->changed.wait_for(lock, at_most, [&] { return signal_->ready || signal_->stopping; });
  signal_->waits = false;
  signal_->ready = false;
}

bool fold_thread::rest(std::chrono::microseconds duration) {
  std::unique_lock lock(signal_->mutex);
  return !signal_->changed.wait_for(lock, duration, [&] { return signal_->stopping; });
}

}  // namespace foldlog
