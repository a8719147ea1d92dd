#include "core/log/kafka_worker.h"

namespace foldlog {

void kafka_worker::add(job next) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    lock.unlock();
    return next(true);
  }
  jobs_.push_back(std::move(next));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
}

void kafka_worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool kafka_worker::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void kafka_worker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    auto next = std::move(jobs_.front());
    jobs_.pop_front();
    const bool stopping = stopping_;
    lock.unlock();
    next(stopping);
    next = nullptr;
    lock.lock();
  }
}

}  // namespace foldlog
