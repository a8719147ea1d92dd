#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/log/event_log.h"
#include "core/log/kafka_cluster.h"
#include "core/log/kafka_consumer.h"
#include "core/log/kafka_ends.h"
#include "core/log/kafka_outbox.h"
#include "core/log/kafka_signal.h"
#include "core/log/kafka_worker.h"

namespace foldlog {

/// What readers share with their log.
struct kafka_shared {
  log_options options;
  std::shared_ptr<kafka_outbox> outbox;
  std::shared_ptr<kafka_ends> ends;
  std::shared_ptr<kafka_cluster> cluster;
  std::shared_ptr<kafka_worker> worker;
};

/// The part of a reader that others may still hold when it is gone: wake-ups and answers on their way.
///
/// librdkafka's simple consumer, one shared queue, no group. The place of each partition is kept here: what librdkafka
/// gives besides (after a seek or a resume) is dropped by its offset.
class kafka_reader : public std::enable_shared_from_this<kafka_reader> {
 public:
  /// `gathered`: a broker waits 5 ms for more before it answers a fetch.
  enum class delivery : std::uint8_t { at_once, gathered };
  static result<std::shared_ptr<kafka_reader>> make(std::shared_ptr<const kafka_shared> shared,
                                                    const std::vector<event_log::start>& starts, ready_handler ready,
                                                    delivery how);
  ~kafka_reader();

  /// Called when the log becomes ready, or at once; and again when a topic is gone.
  void begin();
  /// The ready handler is not running any more and will not be called again.
  void silence();

  result<void> read(record_batch& into, const read_limits& limits);
  void seek(partition_id at, offset_t from);
  void pause(partition_id at);
  void resume(partition_id at);

 private:
  struct place {
    partition_id at;
    offset_t next{0};
    bool paused = false;
    bool has_read = false;  ///< since its last seek: `next` was there once
    bool asking = false;    ///< the partition's bounds are being asked for
    std::optional<error> damage;
  };

  kafka_reader(std::shared_ptr<const kafka_shared> shared, const std::vector<event_log::start>& starts,
               ready_handler ready);
  result<void> open(delivery how);
  [[nodiscard]] rd_kafka_topic_t* topic(const place& of) const { return consumer_->topics[of.at.topic].get(); }
  [[nodiscard]] place* find(std::uint32_t topic, std::int32_t partition);
  void start(place& at);
  void restart(place& at, offset_t from);
  void jump(place& at, offset_t to);

  void take(rd_kafka_message_t* message, kafka_messages& owner, record_batch& into, std::size_t& bytes);
  void take_error(place& at, rd_kafka_resp_err_t code);
  void ask_for_bounds(place& at);
  void hear_bounds(partition_id at, offset_t from, const result<kafka_admin::bounds>& found);
  void hear_ends();
  [[nodiscard]] const error* damage() const;
  void wake();

  const std::shared_ptr<const kafka_shared> shared_;
  std::shared_ptr<kafka_consumer> consumer_;
  kafka_owned<rd_kafka_queue_t> queue_;
  std::unique_ptr<kafka_signal> signal_;
  std::atomic<bool> armed_ = true;

  std::mutex mutex_;  ///< of the places: read() against the answers of the worker and begin()
  std::vector<place> places_;
  std::vector<std::vector<std::size_t>> index_;  ///< topic, partition -> place + 1
  bool begun_ = false;

  std::recursive_mutex ready_mutex_;
  ready_handler ready_;
};

}  // namespace foldlog
