#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What any Kafka client sees and can do: librdkafka with none of our code in between.
namespace foldlog::test {

using raw_headers = std::vector<std::pair<std::string, std::string>>;

struct raw_message {
  std::optional<std::string> key;
  std::optional<std::string> value;
  raw_headers headers;
  std::int64_t timestamp_ms = 0;
};

/// The messages of a partition from its beginning on; fails when they do not come within 10 s.
[[nodiscard]] std::vector<raw_message> raw_read(const std::string& bootstrap, const std::string& topic,
                                                std::int32_t partition, std::size_t count);
/// Appends and waits for the acknowledgement.
void raw_write(const std::string& bootstrap, const std::string& topic, std::int32_t partition,
               const std::vector<raw_message>& messages);
void raw_create(const std::string& bootstrap, const std::string& topic, std::int32_t partitions,
                const std::map<std::string, std::string>& settings);
/// Everything below the offset is gone afterwards.
void raw_delete_before(const std::string& bootstrap, const std::string& topic, std::int32_t partition,
                       std::int64_t offset);
void raw_delete(const std::string& bootstrap, const std::string& topic);

}  // namespace foldlog::test
