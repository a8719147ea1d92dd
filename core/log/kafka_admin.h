#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/position.h"
#include "core/log/kafka_handle.h"
#include "core/log/kafka_topics.h"

// Questions and orders to a cluster, each waiting for its answer. Errors: unavailable, unless said otherwise.
namespace foldlog {

struct kafka_partition_view {
  std::int32_t number = 0;
  bool has_leader = false;
  std::size_t replicas = 0;
  std::size_t in_sync = 0;
};

struct kafka_topic_view {
  std::string name;
  bool exists = false;
  std::vector<kafka_partition_view> partitions;
};

struct kafka_cluster_view {
  std::size_t brokers = 0;
  std::vector<kafka_topic_view> topics;  ///< in the order of options.topics
};

/// The settings that a topic of events must have, and one of notes (API.md section 3).
[[nodiscard]] std::span<const kafka_setting> kafka_event_topic();
[[nodiscard]] std::span<const kafka_setting> kafka_board_topic();

/// A handle for the questions below, with its topics: they go first.
struct kafka_admin {
  kafka_handle handle;
  std::vector<kafka_owned<rd_kafka_topic_t>> topics;
  std::span<const kafka_setting> settings;  ///< that its topics are created with, and must have

  [[nodiscard]] static result<kafka_admin> make(const log_options& options,
                                                std::span<const kafka_setting> settings = kafka_event_topic());
  ~kafka_admin() { topics.clear(); }
  kafka_admin() = default;
  kafka_admin(kafka_admin&&) = default;
  kafka_admin& operator=(kafka_admin&&) = default;

  /// Asked by one thread. An error says what kept it from connecting (a password, a certificate) where that is known.
  [[nodiscard]] result<kafka_cluster_view> look(const log_options& options, std::chrono::milliseconds patience) const;
  /// Creates what is missing in the view; conflict when there are fewer brokers than replicas.
  [[nodiscard]] result<std::vector<std::string>> create_missing(const log_options& options,
                                                                const kafka_cluster_view& seen) const;
  /// Looks until every topic is there and every partition has a leader.
  [[nodiscard]] result<kafka_cluster_view> wait_for_leaders(const log_options& options,
                                                            std::chrono::milliseconds patience) const;
  [[nodiscard]] result<std::vector<topic_difference>> compare(const log_options& options,
                                                              const kafka_cluster_view& seen) const;
  /// The first offset that is there and the one after the last.
  struct bounds {
    offset_t begin;
    offset_t end;
  };
  [[nodiscard]] result<bounds> bounds_of(const std::string& topic, std::int32_t partition,
                                         std::chrono::milliseconds patience) const;
  [[nodiscard]] result<offset_t> end_of(const std::string& topic, std::int32_t partition,
                                        std::chrono::milliseconds patience) const;

 private:
  [[nodiscard]] std::string connection_trouble() const;
  [[nodiscard]] result<offset_t> ask_offset(const std::string& topic, std::int32_t partition, std::int64_t which,
                                            std::chrono::milliseconds patience) const;

  mutable std::string trouble_;  ///< said last since something answered: librdkafka does not repeat itself for 30 s
};

/// What `replicas` demands of min.insync.replicas.
[[nodiscard]] constexpr std::int32_t min_insync_of(std::int32_t replicas) { return replicas >= 3 ? 2 : 1; }

}  // namespace foldlog
