#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "core/store/store.h"

namespace foldlog {

/// Writes batches to a store on a thread of its own, in their order, so that the partitions' strand never waits for a
/// disk.
class store_writer {
 public:
  using handler = std::move_only_function<void(result<void>)>;

  store_writer(store& to, boost::asio::any_io_executor answers_on);
  ~store_writer();
  store_writer(const store_writer&) = delete;
  store_writer& operator=(const store_writer&) = delete;

  /// `done` is called on the executor once the batch is written.
  void write(std::unique_ptr<store_batch> batch, handler done);
  /// Writes what waits and ends the thread; handlers of those writes may still come afterwards.
  void stop();

 private:
  struct job {
    std::unique_ptr<store_batch> batch;
    handler done;
  };
  void run();

  store& store_;
  boost::asio::any_io_executor executor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace foldlog
