#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <vector>

#include "core/log/kafka_handle.h"
#include "core/log/kafka_signal.h"
#include "core/log/partition_group.h"
#include "core/runtime/alarm.h"

namespace foldlog {

/// The group as a Kafka consumer group, cooperative-sticky: partitions that stay are not disturbed. Everything assigned
/// is paused, so nothing is fetched. librdkafka sends heartbeats on its own thread, whatever this node's loop does.
class kafka_group final : public partition_group {
 public:
  static result<std::unique_ptr<partition_group>> make(const log_options& options, const std::string& name,
                                                       const boost::asio::any_io_executor& executor);
  ~kafka_group() override;

  void join(handlers heard) override;
  void release(partition_id at) override;
  void leave(std::function<void()> done) override;
  void close() override;

 private:
  explicit kafka_group(std::vector<std::string> topics) : topics_(std::move(topics)) {}
  void drain();
  void keep_polling();
  void leave_when_in();
  void keep_leaving();
  void take(rd_kafka_event_t& event);
  void take_assigned(const rd_kafka_topic_partition_list_t& list);
  void take_revoked(const rd_kafka_topic_partition_list_t& list);
  void unassign(const std::vector<partition_id>& these);
  [[nodiscard]] std::vector<partition_id> places(const rd_kafka_topic_partition_list_t& list) const;

  std::vector<std::string> topics_;
  kafka_handle handle_;
  kafka_owned<rd_kafka_queue_t> queue_;
  std::unique_ptr<kafka_signal> signal_;
  foldlog::alarm alarm_;
  std::shared_ptr<void> timer_;
  handlers heard_;
  std::vector<partition_id> asked_;  ///< revoked, all of them to be given back together
  std::set<partition_id> kept_;      ///< those of them that were not released yet
  std::function<void()> left_;
  std::chrono::steady_clock::time_point leave_until_;
  bool joined_ = false;
  bool spoken_ = false;  ///< it was assigned something once
};

}  // namespace foldlog
