#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace foldlog {

/// Calls the log's handlers: one at a time, in order, on the executor; after close() never again.
class kafka_outbox : public std::enable_shared_from_this<kafka_outbox> {
 public:
  using call = std::move_only_function<void()>;

  explicit kafka_outbox(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Will be called on the executor, never from within this call. After close(): not at all.
  void post(call next);
  /// Calls what waits. For those who are on the executor already.
  void run();
  /// Calls what waits from here, waits for a call that another thread is in; every later post() is dropped.
  void close();

  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

 private:
  void run_all(std::unique_lock<std::mutex>& lock);

  boost::asio::any_io_executor executor_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::deque<call> waiting_;
  std::thread::id runner_;
  bool scheduled_ = false;
  bool closed_ = false;
};

}  // namespace foldlog
