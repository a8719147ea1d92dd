#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/log/kafka_handle.h"
#include "core/log/record.h"

// A record as a Kafka message and back: API.md section 3 to the letter.
namespace foldlog {

/// `/bank/account` of the topic `bank.account`.
[[nodiscard]] std::string kafka_source(std::string_view topic);

struct kafka_headers {
  kafka_owned<rd_kafka_headers_t> list;
  std::size_t bytes = 0;  ///< names and values
};

/// The headers of a record that is no foreign one.
[[nodiscard]] kafka_headers encode_kafka_headers(const record& from, std::string_view source);

/// The record that a message without error holds; its views point into the message. What is not exactly ours (a header
/// missing, doubled or malformed, a key where there should be none ...) is of kind foreign and has offset, key and
/// value only. Unknown headers are no harm.
[[nodiscard]] record decode_kafka_message(rd_kafka_message_t& message, std::string_view source);

}  // namespace foldlog
