#pragma once

#include <librdkafka/rdkafka.h>

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

namespace foldlog {

/// Tells on the executor that a librdkafka queue is no longer empty: an eventfd that librdkafka writes and Asio watches
/// (38 us from produce to delivery report, no thread of its own). It fires on empty -> non-empty only: drain the queue.
class kafka_signal {
 public:
  kafka_signal(const boost::asio::any_io_executor& executor, std::function<void()> fired);
  ~kafka_signal();
  kafka_signal(const kafka_signal&) = delete;
  kafka_signal& operator=(const kafka_signal&) = delete;

  /// From now on the queue fires it. The queue is detached before this object goes.
  void watch(rd_kafka_queue_t* queue);
  static void detach(rd_kafka_queue_t* queue) { rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0); }
  /// Fires once, from any thread.
  void raise();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace foldlog
