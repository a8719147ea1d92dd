#include "core/log/completion_queue.h"

#include <boost/asio/post.hpp>
#include <iterator>
#include <utility>

namespace foldlog {

void completion_queue::push(std::vector<completion>& completions) {
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) {
      waiting_.swap(completions);
    } else {
      waiting_.insert(waiting_.end(), std::make_move_iterator(completions.begin()),
                      std::make_move_iterator(completions.end()));
      completions.clear();
    }
    if (std::exchange(posted_, true)) return;
  }
  post();  // without the lock: whom it wakes takes it at once
}

void completion_queue::post() {
  boost::asio::post(executor_, [self = shared_from_this()] { self->drain(); });
}

void completion_queue::drain() {
  {
    const std::scoped_lock lock(mutex_);
    if (runner_ != std::thread::id{} || waiting_.empty()) {
      posted_ = false;
      return;
    }
    runner_ = std::this_thread::get_id();
    taken_.swap(waiting_);
  }
  run_taken();
  const std::scoped_lock lock(mutex_);
  runner_ = {};
  idle_.notify_all();
  posted_ = !waiting_.empty();
  if (posted_) post();
}

void completion_queue::run_taken() {
  while (next_ < taken_.size()) {
    auto [done, result] = std::move(taken_[next_++]);
    done(std::move(result));  // may call finish(), which goes on with the same list
  }
  taken_.clear();
  next_ = 0;
}

void completion_queue::finish() {
  std::unique_lock lock(mutex_);
  const auto self = std::this_thread::get_id();
  const bool within_a_handler = runner_ == self;
  if (!within_a_handler) idle_.wait(lock, [&] { return runner_ == std::thread::id{}; });
  runner_ = self;
  while (true) {
    lock.unlock();
    run_taken();
    lock.lock();
    if (waiting_.empty()) break;
    taken_.swap(waiting_);
  }
  if (!within_a_handler) {
    runner_ = {};
    idle_.notify_all();
  }
}

}  // namespace foldlog
