#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/log/event_log.h"
#include "core/log/kafka_handle.h"
#include "core/log/kafka_outbox.h"
#include "core/log/kafka_producer.h"
#include "core/log/kafka_record.h"
#include "core/log/kafka_signal.h"

namespace foldlog {

/// One librdkafka producer and the appends that are under way in it.
class kafka_session : public std::enable_shared_from_this<kafka_session> {
 public:
  static result<std::shared_ptr<kafka_session>> make(const log_options& options, std::shared_ptr<kafka_outbox> outbox,
                                                     const kafka_producer::observer& observes);
  ~kafka_session();

  void append(partition_id to, std::span<const record> records, append_handler done);
  /// Learns where the partitions are, which librdkafka would do only a second after it connected. Waits.
  void warm_up(std::chrono::milliseconds patience);
  /// A fatal error: it takes nothing more.
  [[nodiscard]] bool is_dead() const { return dead_; }
  [[nodiscard]] bool is_idle();
  /// Everything under way ends: with its result when that comes within the time, else as unknown.
  void finish(std::chrono::milliseconds patience);
  [[nodiscard]] rd_kafka_t* handle() const { return handle_.get(); }

 private:
  struct pending;
  struct slot {
    pending* owner = nullptr;
    std::int64_t offset = -1;
  };
  struct pending {
    partition_id to;
    append_handler done;
    std::vector<slot> slots;
    std::size_t waiting = 0;  ///< reports to come, and one for append() itself
    std::size_t bytes = 0;
    std::uint64_t requests_before = 0;
    std::chrono::steady_clock::time_point begun;
    bool failed = false;
    bool certainly_not = true;  ///< as long as no failure left a doubt
    std::size_t failures = 0;
    foldlog::error why;
    std::list<pending>::iterator place;
  };
  struct batch_totals {
    std::size_t records = 0;
    std::size_t appends = 0;
    std::chrono::steady_clock::time_point oldest = std::chrono::steady_clock::time_point::max();
  };

  kafka_session(const log_options& options, std::shared_ptr<kafka_outbox> outbox, kafka_producer::observer observes);
  result<void> open();

  result<std::vector<kafka_headers>> encode(partition_id to, std::span<const record> records) const;
  result<pending*> admit(partition_id to, std::span<const record> records, std::size_t bytes, append_handler& done);
  void hand_over(pending& append, std::size_t index, const record& from, kafka_headers& headers);
  void refuse(append_handler done, error why);

  void drain();
  void take(rd_kafka_event_t& event, batch_totals& totals);
  void report(const rd_kafka_message_t& message, batch_totals& totals);
  void note_failure(pending& append, rd_kafka_resp_err_t code, rd_kafka_msg_status_t status, std::string text);
  void settle(pending& append, batch_totals& totals);
  [[nodiscard]] append_result outcome(pending& append);
  void give_up_rest();
  void tell(const batch_totals& totals) const;

  static rd_kafka_resp_err_t on_new(rd_kafka_t* handle, const rd_kafka_conf_t* settings, void* self, char*,
                                    std::size_t);
  static rd_kafka_resp_err_t on_request_sent(rd_kafka_t*, int, const char*, std::int32_t, std::int16_t key,
                                             std::int16_t, std::int32_t, std::size_t, void* self);

  const log_options options_;
  const std::shared_ptr<kafka_outbox> outbox_;
  const kafka_producer::observer observer_;
  std::vector<std::string> sources_;
  std::size_t message_bytes_max_ = 0;

  std::atomic<std::uint64_t> produce_requests_ = 0;  ///< written by librdkafka's threads: outlives the handle
  kafka_handle handle_;
  std::vector<kafka_owned<rd_kafka_topic_t>> topics_;
  kafka_owned<rd_kafka_queue_t> queue_;
  std::unique_ptr<kafka_signal> signal_;
  std::atomic<bool> dead_ = false;
  std::atomic<bool> finishing_ = false;

  std::mutex drain_mutex_;  ///< one thread takes reports
  std::mutex mutex_;        ///< of what follows
  std::list<pending> under_way_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  std::vector<std::vector<std::int64_t>> ends_;  ///< per topic and partition: after the highest offset acknowledged
};

}  // namespace foldlog
