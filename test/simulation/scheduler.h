#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace foldlog::test {

/// Virtual time, and what is to happen in it: one thing after the other, at equal times in the order in which they were
/// scheduled.
class scheduler {
 public:
  using action = std::move_only_function<void()>;

  [[nodiscard]] std::chrono::nanoseconds now() const { return now_; }
  void at(std::chrono::nanoseconds when, action what);
  void after(std::chrono::nanoseconds wait, action what) { at(now_ + wait, std::move(what)); }
  /// Lets time pass up to the next thing and does it; false when there is none.
  bool step();
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  void clear() {
    while (!waiting_.empty()) std::exchange(waiting_, {}).clear();  // what goes may schedule once more
  }

 private:
  struct entry {
    std::chrono::nanoseconds when;
    std::uint64_t number;
    std::unique_ptr<action> what;
    bool operator<(const entry& other) const {
      return when != other.when ? when > other.when : number > other.number;  // the heap's top is the next one
    }
  };
  std::vector<entry> waiting_;
  std::chrono::nanoseconds now_{};
  std::uint64_t next_ = 0;
};

}  // namespace foldlog::test
