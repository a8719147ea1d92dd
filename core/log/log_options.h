#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace foldlog {

/// What a log tells about its work; every member may be empty. Called from the log's own threads: be brief, do not
/// throw.
struct log_probe {
  /// A group of appends became durable together: how many records and appends, and the seconds that writing and syncing
  /// took (Kafka: one delivered batch, the seconds from handing it over to its report).
  std::function<void(std::size_t records, std::size_t appends, double seconds)> committed;
  /// A write failed: the sentence that health() shows.
  std::function<void(const std::string& reason)> failed;
};

/// Which log, and how to open it.
struct log_options {
  std::string location = "embedded";  ///< `embedded`, or `kafka:host:port,host:port`
  std::filesystem::path data;         ///< embedded: the records are kept in the folder `log` within it
  std::vector<std::string> topics;  ///< `<domain>.<category>`; embedded: none = those that are recorded, in their order
  std::int32_t partitions = 8;      ///< of every topic; 0 = as recorded
  std::int32_t replicas = 3;        ///< Kafka: of every partition, when topics are created
  bool read_only = false;           ///< embedded: beside a server that has it open too, or without one
  bool create = true;               ///< when there is no such log or topic yet: make it, else error_kind::not_found
  std::size_t append_bytes_max = 16U << 20;  ///< one append, encoded; beyond it is refused as too_large
  log_probe probe;
  std::map<std::string, std::string> kafka_settings;  ///< handed to librdkafka as they are
};

}  // namespace foldlog
