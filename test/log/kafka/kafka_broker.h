#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/log/log_options.h"

namespace foldlog::test {

/// A Kafka of its own in a temporary folder, started by tools/kafka; it ends with this object, or with the process.
class own_kafka {
 public:
  explicit own_kafka(int brokers = 1);
  ~own_kafka();
  own_kafka(const own_kafka&) = delete;
  own_kafka& operator=(const own_kafka&) = delete;

  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }  ///< `host:port,…`
  void kill(int node = 1) const;
  void start(int node = 1) const;
  /// Stops the node's process (SIGSTOP) and lets it go on after that many milliseconds, in the background.
  void freeze(int node, int milliseconds) const;

 private:
  void run(const std::string& arguments) const;

  std::filesystem::path folder_;
  std::string bootstrap_;
};

/// `host:port,…` of the one that all tests of this program share: FOLDLOG_TEST_KAFKA, else an own_kafka.
[[nodiscard]] const std::string& shared_kafka();

/// Options for that many topics that nobody has used yet, one replica each.
[[nodiscard]] log_options fresh_options(const std::string& bootstrap, std::size_t topics, std::int32_t partitions);

}  // namespace foldlog::test
