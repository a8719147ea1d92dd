#include "core/log/kafka_outbox.h"

#include <boost/asio/post.hpp>

namespace foldlog {

void kafka_outbox::post(call next) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  waiting_.push_back(std::move(next));
  if (scheduled_) return;
  scheduled_ = true;
  boost::asio::post(executor_, [self = shared_from_this()] { self->run(); });
}

void kafka_outbox::run() {
  std::unique_lock lock(mutex_);
  scheduled_ = false;
  if (runner_ != std::thread::id()) return;  // whoever is at it takes the new ones too
  run_all(lock);
}

void kafka_outbox::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  const auto self = std::this_thread::get_id();
  idle_.wait(lock, [&] { return runner_ == std::thread::id() || runner_ == self; });
  run_all(lock);
}

void kafka_outbox::run_all(std::unique_lock<std::mutex>& lock) {
  const auto outer = runner_;  // our own id when a handler closes the log
  runner_ = std::this_thread::get_id();
  while (!waiting_.empty()) {
    call next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next();
    next = nullptr;
    lock.lock();
  }
  runner_ = outer;
  idle_.notify_all();
}

}  // namespace foldlog
