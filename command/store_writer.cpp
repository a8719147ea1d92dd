#include "command/store_writer.h"

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "core/base/fail_point.h"

namespace foldlog {
namespace {

class store_thread final : public store_writer {
 public:
  store_thread(store& to, boost::asio::any_io_executor answers_on)
      : store_(to), executor_(std::move(answers_on)), thread_([this] { run(); }) {}
  ~store_thread() override { end(); }
  store_thread(const store_thread&) = delete;
  store_thread& operator=(const store_thread&) = delete;

  void write(std::unique_ptr<store_batch> batch, handler done) override {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back({std::move(batch), std::move(done)});
    }
    changed_.notify_one();
  }
  void stop() override { end(); }

 private:
  struct job {
    std::unique_ptr<store_batch> batch;
    handler done;
  };

  void end() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void run() {
    while (true) {
      job next;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        next = std::move(jobs_.front());
        jobs_.pop_front();
      }
      fail_point("write-model-before-write");
      auto outcome = store_.write(*next.batch);
      fail_point("write-model-after-write");
      boost::asio::post(executor_, [done = std::move(next.done), outcome = std::move(outcome)]() mutable {
        done(std::move(outcome));
      });
    }
  }

  store& store_;
  boost::asio::any_io_executor executor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<store_writer> make_store_writer(store& to, boost::asio::any_io_executor answers_on) {
  return std::make_unique<store_thread>(to, std::move(answers_on));
}

}  // namespace foldlog
