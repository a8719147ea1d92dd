#include "core/log/kafka_fetcher.h"

#include <fmt/format.h>

namespace foldlog {
namespace {

constexpr int step_ms = 100;

bool is_gone(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__BAD_MSG;
}

}  // namespace

kafka_fetcher::~kafka_fetcher() {
  for (const auto& at : started_) rd_kafka_consume_stop(consumer_->topics[at.topic].get(), at.partition);
}

bool kafka_fetcher::begin(partition_id at, offset_t from) {
  auto* const topic = consumer_->topics[at.topic].get();
  if (!started_.contains(at)) {
    if (rd_kafka_consume_start(topic, at.partition, raw(from)) != 0) return false;
    started_.insert(at);
    return true;
  }
  consumer_->pause(at, false);
  return rd_kafka_seek(topic, at.partition, raw(from), 0) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

// What librdkafka has read ahead is dropped with it: a full queue would hold up the next read for a second.
void kafka_fetcher::end(partition_id at) {
  consumer_->pause(at, true);
  auto* const topic = consumer_->topics[at.topic].get();
  while (auto* const message = rd_kafka_consume(topic, at.partition, 0)) rd_kafka_message_destroy(message);
}

result<record_batch> kafka_fetcher::fetch(partition_id from, offset_t first, offset_t last,
                                          std::chrono::milliseconds patience,
                                          const std::function<bool()>& is_cancelled) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto* const topic = consumer_->topics[from.topic].get();
  const auto place = [&](offset_t at) {
    return fmt::format("{}/{}@{}", rd_kafka_topic_name(topic), from.partition, raw(at));
  };
  if (!begin(from, first)) return fail(error_kind::unavailable, fmt::format("{} cannot be fetched", place(first)));
  const std::shared_ptr<void> paused_afterwards(nullptr, [&](void*) { end(from); });
  record_batch batch;
  auto owner = std::make_shared<kafka_messages>(consumer_);
  offset_t wanted = first;
  while (wanted <= last) {
    if (is_cancelled()) return fail(error_kind::cancelled, "the log is closed");
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(error_kind::unavailable, fmt::format("{} did not come in time", place(wanted)));
    }
    auto* const message = rd_kafka_consume(topic, from.partition, step_ms);
    if (message == nullptr) continue;
    owner->list.push_back(message);
    if (is_gone(message->err)) {
      return fail(error_kind::damaged,
                  fmt::format("{} is not in the log (any more): {}", place(wanted), rd_kafka_err2str(message->err)));
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR || message->offset != raw(wanted)) continue;
    add_kafka_record(batch, *owner, *message, from.topic);
    wanted = next(wanted);
  }
  batch.owners.push_back(std::move(owner));
  return batch;
}

}  // namespace foldlog
