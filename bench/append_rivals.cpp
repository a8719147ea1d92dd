#include "bench/append_rivals.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace foldlog::bench {
namespace {

constexpr int partitions = 8;
constexpr std::string_view value = R"({"amount":123,"balance":1234567,"reference":"a transfer of the load"})";
constexpr std::array<std::pair<const char*, std::string_view>, 13> headers{{
    {"content-type", "application/json"},
    {"ce_specversion", "1.0"},
    {"ce_source", "/bank/account"},
    {"ce_id", "account-000123/4711"},
    {"ce_type", "bank.DepositMade.v1"},
    {"ce_subject", "account-000123"},
    {"ce_time", "2026-11-21T09:30:00.123456Z"},
    {"ce_commandid", "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"},
    {"ce_commandhash", "0123456789abcdef"},
    {"ce_epoch", "1184-9f3c2a71"},
    {"ce_epochseq", "471100"},
    {"ce_commit", "0/1"},
    {"ce_correlationid", "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"},
}};

/// One record under way; its delivery report stops the clock.
struct delivery {
  steady::time_point sent;
};

struct deliveries {
  std::vector<double> latencies_ms;
  int outstanding = 0;
};

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& all = *static_cast<deliveries*>(opaque);
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    fail(fmt::format("a bare produce failed: {}", rd_kafka_err2str(message->err)));
  std::unique_ptr<delivery> one(static_cast<delivery*>(message->_private));
  all.latencies_ms.push_back(std::chrono::duration<double, std::milli>(steady::now() - one->sent).count());
  --all.outstanding;
}

using settings = std::vector<std::pair<const char*, std::string>>;

rd_kafka_t* make_producer(const settings& with, deliveries* opaque) {
  auto* configuration = rd_kafka_conf_new();
  char text[512];
  for (const auto& [name, each] : with) {
    if (rd_kafka_conf_set(configuration, name, each.c_str(), text, sizeof text) != RD_KAFKA_CONF_OK) fail(text);
  }
  rd_kafka_conf_set_opaque(configuration, opaque);
  rd_kafka_conf_set_dr_msg_cb(configuration, on_delivery);
  auto* producer = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, text, sizeof text);
  if (producer == nullptr) fail(text);
  return producer;
}

rd_kafka_headers_t* make_headers() {
  auto* list = rd_kafka_headers_new(headers.size());
  for (const auto& [name, text] : headers) {
    rd_kafka_header_add(list, name, -1, text.data(), static_cast<ssize_t>(text.size()));
  }
  return list;
}

void produce(rd_kafka_t* producer, const std::string& topic, std::int64_t number, deliveries& all) {
  auto* one = new delivery{steady::now()};
  auto key = fmt::format("account-{:06}", number % 1000);
  auto of = [](rd_kafka_vtype_t type) {
    rd_kafka_vu_t part{};
    part.vtype = type;
    return part;
  };
  std::array parts{of(RD_KAFKA_VTYPE_TOPIC), of(RD_KAFKA_VTYPE_PARTITION), of(RD_KAFKA_VTYPE_KEY),
                   of(RD_KAFKA_VTYPE_VALUE), of(RD_KAFKA_VTYPE_HEADERS),   of(RD_KAFKA_VTYPE_MSGFLAGS),
                   of(RD_KAFKA_VTYPE_OPAQUE)};
  parts[0].u.cstr = topic.c_str();
  parts[1].u.i32 = static_cast<std::int32_t>(number % partitions);
  parts[2].u.mem = {key.data(), key.size()};
  parts[3].u.mem = {const_cast<char*>(value.data()), value.size()};
  parts[4].u.headers = make_headers();
  parts[5].u.i = RD_KAFKA_MSG_F_COPY;
  parts[6].u.ptr = one;
  if (auto* error = rd_kafka_produceva(producer, parts.data(), parts.size()); error != nullptr)
    fail(fmt::format("a bare produce failed: {}", rd_kafka_error_string(error)));
  ++all.outstanding;
}

void create_topic(rd_kafka_t* client, const std::string& name) {
  char text[512];
  auto* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, text, sizeof text);
  auto* queue = rd_kafka_queue_new(client);
  auto* options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_AdminOptions_set_operation_timeout(options, 10000, text, sizeof text);
  rd_kafka_CreateTopics(client, &topic, 1, options, queue);
  auto* event = rd_kafka_queue_poll(queue, 15000);
  if (event == nullptr || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
    fail("the rival's topic was not made");
  rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(topic);
}

void check(rd_kafka_error_t* error) {
  if (error != nullptr) fail(fmt::format("a bare transaction failed: {}", rd_kafka_error_string(error)));
}

settings common(const std::string& brokers) {
  return {{"bootstrap.servers", brokers},   {"acks", "all"},   {"enable.idempotence", "true"}, {"linger.ms", "0"},
          {"socket.nagle.disable", "true"}, {"log_level", "3"}};
}

}  // namespace

measurement run_synced_writes(const std::string& folder, double seconds, synced_file into) {
  auto path = folder + "/synced_writes";
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail("cannot write " + path);
  std::string record(500, 'x');  // about what one Deposit takes in the log, headers and all
  auto end = std::numeric_limits<off_t>::max();
  if (into == synced_file::written_before) {
    const std::string zeros(record.size() << 15, '\0');
    end = static_cast<off_t>(zeros.size());
    if (pwrite(file, zeros.data(), zeros.size(), 0) != static_cast<ssize_t>(zeros.size()) || fdatasync(file) != 0)
      fail("cannot write " + path);
  }
  std::vector<double> latencies;
  auto start = steady::now();
  for (off_t at = 0; seconds_since(start) < seconds; at = (at + static_cast<off_t>(record.size())) % end) {
    auto sent = steady::now();
    if (pwrite(file, record.data(), record.size(), at) != static_cast<ssize_t>(record.size()) || fdatasync(file) != 0)
      fail("a write failed");
    latencies.push_back(std::chrono::duration<double, std::milli>(steady::now() - sent).count());
  }
  auto elapsed = seconds_since(start);
  close(file);
  unlink(path.c_str());
  return summarize(latencies, elapsed);
}

struct kafka_rival::handles {
  deliveries all;
  std::string topic;
  rd_kafka_t* idempotent = nullptr;
  rd_kafka_t* transactional = nullptr;
};

kafka_rival::kafka_rival(const std::string& brokers) : handles_(std::make_unique<handles>()) {
  handles_->topic = fmt::format("bench.rival-{}", getpid());
  handles_->idempotent = make_producer(common(brokers), &handles_->all);
  create_topic(handles_->idempotent, handles_->topic);
  auto with = common(brokers);
  with.emplace_back("transactional.id", handles_->topic);
  handles_->transactional = make_producer(with, &handles_->all);
  check(rd_kafka_init_transactions(handles_->transactional, 30000));
}

kafka_rival::~kafka_rival() {
  rd_kafka_destroy(handles_->idempotent);
  rd_kafka_destroy(handles_->transactional);
}

measurement kafka_rival::run_produce(int outstanding, double seconds) {
  auto& all = handles_->all;
  all.latencies_ms.clear();
  auto start = steady::now();
  for (std::int64_t number = 0; seconds_since(start) < seconds;) {
    while (all.outstanding < outstanding) produce(handles_->idempotent, handles_->topic, number++, all);
    rd_kafka_poll(handles_->idempotent, 100);
  }
  while (all.outstanding > 0) rd_kafka_poll(handles_->idempotent, 100);
  auto elapsed = seconds_since(start);
  return summarize(all.latencies_ms, elapsed);
}

measurement kafka_rival::run_transactions(int group, double seconds) {
  auto& all = handles_->all;
  std::vector<double> latencies;
  auto start = steady::now();
  std::int64_t number = 0;
  while (seconds_since(start) < seconds) {
    auto sent = steady::now();
    check(rd_kafka_begin_transaction(handles_->transactional));
    for (int at = 0; at < group; ++at) produce(handles_->transactional, handles_->topic, number++, all);
    check(rd_kafka_commit_transaction(handles_->transactional, 30000));
    latencies.push_back(std::chrono::duration<double, std::milli>(steady::now() - sent).count());
  }
  auto elapsed = seconds_since(start);
  while (all.outstanding > 0) rd_kafka_poll(handles_->transactional, 100);
  auto found = summarize(latencies, elapsed);
  found.per_second = static_cast<double>(number) / elapsed;
  return found;
}

}  // namespace foldlog::bench
