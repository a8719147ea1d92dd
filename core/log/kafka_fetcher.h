#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>

#include "core/log/event_log.h"
#include "core/log/kafka_consumer.h"

namespace foldlog {

/// Point reads, one at a time, by one thread. A partition stays started and paused between two reads: starting anew
/// costs half a second in librdkafka 2.0.2, a seek a round trip.
class kafka_fetcher {
 public:
  explicit kafka_fetcher(std::shared_ptr<kafka_consumer> consumer) : consumer_(std::move(consumer)) {}
  ~kafka_fetcher();
  kafka_fetcher(const kafka_fetcher&) = delete;
  kafka_fetcher& operator=(const kafka_fetcher&) = delete;

  /// The records first ... last of a partition, waiting for them. Errors: unavailable after the patience; damaged when
  /// the log does not have them (any more); cancelled.
  [[nodiscard]] result<record_batch> fetch(partition_id from, offset_t first, offset_t last,
                                           std::chrono::milliseconds patience,
                                           const std::function<bool()>& is_cancelled);

 private:
  bool begin(partition_id at, offset_t from);
  void end(partition_id at);

  const std::shared_ptr<kafka_consumer> consumer_;
  std::set<partition_id> started_;
};

}  // namespace foldlog
