#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/log/event_log.h"
#include "core/log/kafka_handle.h"
#include "core/log/kafka_record.h"

namespace foldlog {

/// A librdkafka handle with its topics, kept alive by every batch that was read from it.
struct kafka_consumer {
  kafka_handle handle;
  std::vector<std::string> sources;
  std::vector<kafka_owned<rd_kafka_topic_t>> topics;

  kafka_consumer(kafka_handle made, const std::vector<std::string>& names);
  ~kafka_consumer() { topics.clear(); }  // they go before the handle does

  void pause(partition_id at, bool paused) const;
  /// Index into the topics of the log.
  [[nodiscard]] std::uint32_t topic_of(const rd_kafka_message_t& message) const;
};

/// Messages and the handle that they came from, as an owner in record_batch.
struct kafka_messages {
  explicit kafka_messages(std::shared_ptr<kafka_consumer> from) : consumer(std::move(from)) {}
  ~kafka_messages();
  kafka_messages(const kafka_messages&) = delete;
  kafka_messages& operator=(const kafka_messages&) = delete;

  std::shared_ptr<kafka_consumer> consumer;
  std::vector<rd_kafka_message_t*> list;
  kafka_texts texts;
};

/// Adds the record of a message, which is in the owner's list already, to the batch.
void add_kafka_record(record_batch& into, kafka_messages& owner, rd_kafka_message_t& message, std::uint32_t topic);

}  // namespace foldlog
