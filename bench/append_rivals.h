#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/statistics.h"

namespace foldlog::bench {

enum class synced_file {
  grows,
  written_before,  ///< with zeros, as the log does it
};

/// The rival of the embedded log at one connection: write a record's bytes behind the last to a file and fdatasync it,
/// again and again.
measurement run_synced_writes(const std::string& folder, double seconds, synced_file into);

/// The rivals of the Kafka log: bare librdkafka, the record of a `Deposit` with all its headers, acks=all.
class kafka_rival {
 public:
  /// Makes a topic of its own with 8 partitions and one replica.
  explicit kafka_rival(const std::string& brokers);
  ~kafka_rival();

  /// Idempotent produce, that many outstanding.
  measurement run_produce(int outstanding, double seconds);
  /// One transaction for each group of that many records, one after the other; latencies are those of a transaction.
  measurement run_transactions(int group, double seconds);

 private:
  struct handles;
  std::unique_ptr<handles> handles_;
};

}  // namespace foldlog::bench
