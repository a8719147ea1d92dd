#include "test/log/kafka/kafka_raw.h"

#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>

#include <array>

namespace foldlog::test {
namespace {

struct raw_client {
  rd_kafka_t* handle;

  raw_client(rd_kafka_type_t type, const std::string& bootstrap) {
    std::array<char, 256> reason{};
    auto* const settings = rd_kafka_conf_new();
    REQUIRE(rd_kafka_conf_set(settings, "bootstrap.servers", bootstrap.c_str(), reason.data(), reason.size()) == 0);
    handle = rd_kafka_new(type, settings, reason.data(), reason.size());
    REQUIRE_MESSAGE(handle != nullptr, reason.data());
  }
  ~raw_client() { rd_kafka_destroy(handle); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
};

std::optional<std::string> text_of(const void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(bytes), size);
}

raw_message copy_of(rd_kafka_message_t& message) {
  raw_message copy{text_of(message.key, message.key_len), text_of(message.payload, message.len), {}, 0};
  copy.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return copy;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t n = 0; rd_kafka_header_get_all(headers, n, &name, &value, &size) == 0; ++n) {
    copy.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return copy;
}

void write_one(rd_kafka_t* producer, const std::string& topic, std::int32_t partition, const raw_message& message) {
  auto* const headers = rd_kafka_headers_new(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  const auto bytes = [](const std::optional<std::string>& text) {
    return text ? const_cast<char*>(text->data()) : nullptr;
  };
  const auto size = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
  std::array<rd_kafka_vu_t, 6> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[1].u.i32 = partition;
  parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[2].u.i = RD_KAFKA_MSG_F_COPY;
  parts[3].vtype = RD_KAFKA_VTYPE_KEY;
  parts[3].u.mem = {bytes(message.key), size(message.key)};
  parts[4].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[4].u.mem = {bytes(message.value), size(message.value)};
  parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[5].u.headers = headers;
  REQUIRE(rd_kafka_produceva(producer, parts.data(), parts.size()) == nullptr);
}

}  // namespace

std::vector<raw_message> raw_read(const std::string& bootstrap, const std::string& topic, std::int32_t partition,
                                  std::size_t count) {
  const raw_client client(RD_KAFKA_CONSUMER, bootstrap);
  auto* const source = rd_kafka_topic_new(client.handle, topic.c_str(), nullptr);
  REQUIRE(rd_kafka_consume_start(source, partition, RD_KAFKA_OFFSET_BEGINNING) == 0);
  std::vector<raw_message> found;
  while (found.size() < count) {
    auto* const message = rd_kafka_consume(source, partition, 10'000);
    REQUIRE(message != nullptr);
    REQUIRE(message->err == RD_KAFKA_RESP_ERR_NO_ERROR);
    found.push_back(copy_of(*message));
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consume_stop(source, partition);
  rd_kafka_topic_destroy(source);
  return found;
}

void raw_write(const std::string& bootstrap, const std::string& topic, std::int32_t partition,
               const std::vector<raw_message>& messages) {
  const raw_client client(RD_KAFKA_PRODUCER, bootstrap);
  for (const auto& message : messages) write_one(client.handle, topic, partition, message);
  REQUIRE(rd_kafka_flush(client.handle, 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void raw_create(const std::string& bootstrap, const std::string& topic, std::int32_t partitions,
                const std::map<std::string, std::string>& settings) {
  const raw_client client(RD_KAFKA_PRODUCER, bootstrap);
  std::array<char, 256> reason{};
  auto* wanted = rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, reason.data(), reason.size());
  for (const auto& [name, value] : settings) rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str());
  auto* const answers = rd_kafka_queue_new(client.handle);
  rd_kafka_CreateTopics(client.handle, &wanted, 1, nullptr, answers);
  auto* const event = rd_kafka_queue_poll(answers, 20'000);
  REQUIRE(event != nullptr);
  REQUIRE(rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(answers);
  rd_kafka_NewTopic_destroy(wanted);
}

void raw_delete_before(const std::string& bootstrap, const std::string& topic, std::int32_t partition,
                       std::int64_t offset) {
  const raw_client client(RD_KAFKA_PRODUCER, bootstrap);
  auto* const list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
  auto* unwanted = rd_kafka_DeleteRecords_new(list);
  auto* const answers = rd_kafka_queue_new(client.handle);
  rd_kafka_DeleteRecords(client.handle, &unwanted, 1, nullptr, answers);
  auto* const event = rd_kafka_queue_poll(answers, 20'000);
  REQUIRE(event != nullptr);
  REQUIRE(rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(answers);
  rd_kafka_DeleteRecords_destroy(unwanted);
  rd_kafka_topic_partition_list_destroy(list);
}

void raw_delete(const std::string& bootstrap, const std::string& topic) {
  const raw_client client(RD_KAFKA_PRODUCER, bootstrap);
  auto* unwanted = rd_kafka_DeleteTopic_new(topic.c_str());
  auto* const answers = rd_kafka_queue_new(client.handle);
  rd_kafka_DeleteTopics(client.handle, &unwanted, 1, nullptr, answers);
  auto* const event = rd_kafka_queue_poll(answers, 20'000);
  REQUIRE(event != nullptr);
  REQUIRE(rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(answers);
  rd_kafka_DeleteTopic_destroy(unwanted);
}

}  // namespace foldlog::test
