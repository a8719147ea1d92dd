// Records as both logs keep them: any bytes are safe, and what decodes is what was encoded.
#include <librdkafka/rdkafka.h>

#include <string>

#include "core/base/bytes.h"
#include "core/log/checksum.h"
#include "core/log/kafka_record.h"
#include "core/log/record_codec.h"
#include "test/fuzz/target.h"

namespace foldlog::fuzz {
namespace {

void check_embedded(std::string_view bytes) {
  const auto decoded = decode_record(bytes, offset_t{7});
  if (!decoded) return expect(decoded.error().kind == error_kind::damaged, "bad bytes are damage");
  std::string again;
  encode_record(again, *decoded);
  expect(again == bytes, "a record decodes from bytes that encode_record() does not write");
}

// `name zero value zero` again and again, behind key and payload of the same form.
std::string_view take_text(std::string_view& bytes) {
  const auto zero = bytes.find('\0');
  const auto text = bytes.substr(0, zero);
  bytes.remove_prefix(zero == std::string_view::npos ? bytes.size() : zero + 1);
  return text;
}

struct kafka_message {
  std::string key, payload;
  kafka_owned<rd_kafka_headers_t> headers{rd_kafka_headers_new(8)};

  [[nodiscard]] record decode(kafka_texts& texts) {
    rd_kafka_message_t message{};
    message.offset = 7;
    message.payload = payload.data();
    message.len = payload.size();
    if (!key.empty()) {
      message.key = key.data();
      message.key_len = key.size();
    }
    return decode_kafka_record(message, headers.get(), "/bank/account", texts);
  }
};

}  // namespace

void embedded_record(std::string_view bytes) {
  check_embedded(bytes);
  std::string fitting;
  put_u32(fitting, crc32c(bytes));
  fitting += bytes;
  check_embedded(fitting);
}

void kafka_record(std::string_view bytes) {
  kafka_message message;
  message.key = take_text(bytes);
  message.payload = take_text(bytes);
  while (!bytes.empty()) {
    const auto name = take_text(bytes);
    const auto value = take_text(bytes);
    rd_kafka_header_add(message.headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  kafka_texts texts;
  const auto decoded = message.decode(texts);
  if (decoded.kind == record_kind::foreign) return;
  kafka_message again;
  again.key = message.key;
  again.payload = message.payload;
  again.headers = encode_kafka_headers(decoded, "/bank/account").list;
  const auto twice = again.decode(texts);
  std::string first_bytes;
  std::string second_bytes;
  encode_record(first_bytes, decoded);
  encode_record(second_bytes, twice);
  expect(twice.kind == decoded.kind && first_bytes == second_bytes, "a record's headers read as another record");
}

}  // namespace foldlog::fuzz
