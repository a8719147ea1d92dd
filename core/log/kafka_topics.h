#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/log/log_options.h"

namespace foldlog {

/// A setting of a topic that is not as it must be (API.md section 3).
struct topic_difference {
  std::string topic;
  std::string setting;  ///< a Kafka topic setting, or `partitions`, `replicas`, `topic` (it does not exist)
  std::string found;
  std::string wanted;

  /// `bank.account: retention.ms is 604800000, wanted -1`
  [[nodiscard]] std::string text() const;
};

/// Creates those of options.topics that are missing, with `partitions`, `replicas` and the settings of API.md section
/// 3; waits until they have leaders. Gives the names of those it created. Errors: unavailable (brokers do not answer),
/// conflict (fewer brokers than replicas), invalid (partitions are 0).
[[nodiscard]] result<std::vector<std::string>> create_topics(const log_options& options);

/// Every difference between options.topics as they are and as they must be; `min.insync.replicas` and the number of
/// replicas may be higher than wanted. Errors: unavailable.
[[nodiscard]] result<std::vector<topic_difference>> check_topics(const log_options& options);

/// Creates the one topic of options.topics as that of a board, with one partition, when it is missing. Errors:
/// unavailable, conflict (it is there with another setting).
[[nodiscard]] result<void> prepare_board_topic(const log_options& options);

}  // namespace foldlog
