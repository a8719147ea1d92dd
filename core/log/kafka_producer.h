#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/log/event_log.h"
#include "core/log/kafka_outbox.h"
#include "core/log/log_options.h"

namespace foldlog {

class kafka_session;

/// Appends to Kafka: one idempotent producer; after a fatal error a new one.
///
/// Refused is said only of what was never handed to a broker, or what a broker refuses whatever its state (too large, a
/// time out of bounds). A message that librdkafka calls "not persisted" after it was sent is in doubt all the same: a
/// broker that loses its leadership while an append waits for the followers says NOT_LEADER, and the record may stay.
class kafka_producer {
 public:
  /// Called on the executor: the offset after an acknowledged record; why an append failed that was good.
  struct observer {
    std::function<void(partition_id of, offset_t end)> acknowledged;
    std::function<void(const error& why)> failed;
  };

  static result<std::unique_ptr<kafka_producer>> make(const log_options& options, std::shared_ptr<kafka_outbox> outbox,
                                                      observer observes);
  ~kafka_producer();

  void append(partition_id to, std::span<const record> records, append_handler done);
  /// For the first contact with the topics, so that the first append need not wait for it. Waits two seconds at most.
  void warm_up();
  /// Waits a second for what is under way, then gives it up as unknown. The handlers are left in the outbox.
  void close();

  /// For tests: the handle that appends use at present, to inject a fatal error.
  [[nodiscard]] std::shared_ptr<kafka_session> session();

 private:
  kafka_producer(const log_options& options, std::shared_ptr<kafka_outbox> outbox, observer observes);
  result<std::shared_ptr<kafka_session>> usable_session();

  const log_options options_;
  const std::shared_ptr<kafka_outbox> outbox_;
  const observer observer_;
  std::mutex mutex_;
  std::shared_ptr<kafka_session> session_;
  std::vector<std::shared_ptr<kafka_session>> retired_;
  bool closed_ = false;
};

}  // namespace foldlog
