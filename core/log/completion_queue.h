#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/log/event_log.h"

namespace foldlog {

/// Hands append results to their handlers on an executor: in order, one at a time, with one post for all that wait.
class completion_queue : public std::enable_shared_from_this<completion_queue> {
 public:
  struct completion {
    append_handler done;
    append_result result;
  };

  explicit completion_queue(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Takes all of them and leaves the vector empty. Any thread.
  void push(std::vector<completion>& completions);
  /// Calls on this thread what waits. When it returns no handler is running, but the one it was called from, if any,
  /// and none will.
  void finish();

 private:
  void post();
  void drain();
  void run_taken();

  boost::asio::any_io_executor executor_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::vector<completion> waiting_;
  bool posted_ = false;
  std::thread::id runner_;  ///< who calls handlers at present; the two members below are that thread's
  std::vector<completion> taken_;
  std::size_t next_ = 0;
};

}  // namespace foldlog
