#include "test/simulation/scheduler.h"

#include <algorithm>

namespace foldlog::test {

void scheduler::at(std::chrono::nanoseconds when, action what) {
  waiting_.push_back({std::max(when, now_), next_++, std::make_unique<action>(std::move(what))});
  std::push_heap(waiting_.begin(), waiting_.end());
}

bool scheduler::step() {
  if (waiting_.empty()) return false;
  std::pop_heap(waiting_.begin(), waiting_.end());
  const auto next = std::move(waiting_.back());
  waiting_.pop_back();
  now_ = next.when;
  (*next.what)();
  return true;
}

}  // namespace foldlog::test
