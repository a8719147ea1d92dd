#include "command/store_writer.h"

#include <boost/asio/post.hpp>

namespace foldlog {

store_writer::store_writer(store& to, boost::asio::any_io_executor answers_on)
    : store_(to), executor_(std::move(answers_on)), thread_([this] { run(); }) {}

store_writer::~store_writer() { stop(); }

void store_writer::write(std::unique_ptr<store_batch> batch, handler done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(batch), std::move(done)});
  }
  changed_.notify_one();
}

void store_writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void store_writer::run() {
  while (true) {
    job next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      next = std::move(jobs_.front());
      jobs_.pop_front();
    }
    auto outcome = store_.write(*next.batch);
    boost::asio::post(
        executor_, [done = std::move(next.done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  }
}

}  // namespace foldlog
