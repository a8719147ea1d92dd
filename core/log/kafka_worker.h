#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace foldlog {

/// A thread, made when first needed, for what waits for a broker's answer: one job after the other.
class kafka_worker {
 public:
  using job = std::move_only_function<void(bool stopping)>;

  ~kafka_worker() { stop(); }

  /// A job is called exactly once; with `stopping` it says so to whoever waits and does nothing else.
  void add(job next);
  /// Every job has been called when it returns; the one under way is waited for.
  void stop();
  [[nodiscard]] bool is_stopping() const;

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace foldlog
