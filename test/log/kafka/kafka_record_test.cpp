#include <doctest/doctest.h>

#include <algorithm>

#include "core/log/kafka_log.h"
#include "test/log/contract.h"
#include "test/log/kafka/kafka_broker.h"
#include "test/log/kafka/kafka_raw.h"

namespace foldlog::test {
namespace {

// A plain log over the shared Kafka, for tests of what lies in it.
class plain_fixture final : public log_fixture {
 public:
  std::unique_ptr<event_log> make(std::size_t topics, std::int32_t partitions) override {
    options = fresh_options(shared_kafka(), topics, partitions);
    return reopen();
  }
  std::unique_ptr<event_log> reopen() override {
    auto opened = open_kafka_log(options, executor());
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text));
    return std::move(*opened);
  }
  [[nodiscard]] std::size_t value_bytes_too_large() const override { return 1'000'000; }

  log_options options;
};

std::string source_of(const std::string& topic) {
  std::string source = "/" + topic;
  std::ranges::replace(source, '.', '/');
  return source;
}

raw_headers event_headers(const std::string& topic) {
  return {{"content-type", "application/json"},
          {"ce_specversion", "1.0"},
          {"ce_source", source_of(topic)},
          {"ce_id", "alice/4"},
          {"ce_type", "bank.DepositMade.v1"},
          {"ce_subject", "alice"},
          {"ce_time", "2026-11-21T09:30:00.123456Z"},
          {"ce_commandid", "9f1c"},
          {"ce_commandhash", "00000000000000ff"},
          {"ce_epoch", "1184-9f3c2a71"},
          {"ce_epochseq", "7"},
          {"ce_commit", "1/2"}};
}

record sample_commit_event() {
  record event = sample_event(R"({"amount":5})");
  event.version = version_t{4};
  event.command_hash = 0xff;
  event.epoch = {offset_t{1184}, 0x9f3c2a71};
  event.epoch_sequence = 7;
  event.commit_index = 1;
  event.commit_count = 2;
  return event;
}

TEST_CASE("an event in Kafka has exactly the headers of API.md") {
  plain_fixture fixture;
  const auto log = fixture.make(1, 2);
  const auto& topic = fixture.options.topics.front();
  record plain = sample_commit_event();
  record full = plain;
  full.correlation_id = "order-17";
  full.causation_id = "cause";
  full.actor = "Jürgen";
  full.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  REQUIRE(append_now(fixture, *log, {0, 1}, std::vector{plain, full}).status == append_status::acknowledged);
  const auto found = raw_read(shared_kafka(), topic, 1, 2);
  CHECK(found[0].key == "alice");
  CHECK(found[0].value == R"({"amount":5})");
  CHECK(found[0].timestamp_ms == 1'795'253'400'123);
  CHECK(found[0].headers == event_headers(topic));
  auto more = event_headers(topic);
  more.emplace_back("ce_correlationid", "order-17");
  more.emplace_back("ce_causationid", "cause");
  more.emplace_back("ce_actor", "Jürgen");
  more.emplace_back("ce_traceparent", full.traceparent);
  CHECK(found[1].headers == more);
}

TEST_CASE("a claim, a proof and a recorded refusal in Kafka are as API.md says") {
  plain_fixture fixture;
  const auto log = fixture.make(1, 1);
  const auto& topic = fixture.options.topics.front();
  record claim;
  claim.kind = record_kind::claim;
  claim.time = sample_event("").time;
  claim.type = claim_type;
  claim.value = R"({"node":"n1","endpoint":"http://127.0.0.1:8080"})";
  claim.epoch = {no_offset, 0x000a71ff};
  record proof = claim;
  proof.kind = record_kind::proof;
  proof.type = proof_type;
  proof.value = "{}";
  proof.epoch = {offset_t{0}, 0x000a71ff};
  proof.epoch_sequence = 12;
  record refusal = sample_commit_event();
  refusal.kind = record_kind::refusal;
  refusal.type = refusal_type;
  refusal.value = R"({"command":"Withdraw","version":3,"code":"insufficient-funds"})";
  refusal.version = version_t{0};
  refusal.commit_index = 0;
  refusal.commit_count = 1;
  REQUIRE(append_now(fixture, *log, {0, 0}, std::vector{claim, proof, refusal}).status == append_status::acknowledged);
  const auto found = raw_read(shared_kafka(), topic, 0, 3);
  CHECK_FALSE(found[0].key.has_value());
  CHECK(found[0].value == std::string(claim.value));
  CHECK(found[0].headers == raw_headers{{"content-type", "application/json"},
                                        {"ce_specversion", "1.0"},
                                        {"ce_source", source_of(topic)},
                                        {"ce_id", "claim-000a71ff"},
                                        {"ce_type", "foldlog.PartitionClaimed.v1"},
                                        {"ce_time", "2026-11-21T09:30:00.123456Z"},
                                        {"ce_nonce", "000a71ff"}});
  CHECK_FALSE(found[1].key.has_value());
  CHECK(found[1].headers == raw_headers{{"content-type", "application/json"},
                                        {"ce_specversion", "1.0"},
                                        {"ce_source", source_of(topic)},
                                        {"ce_id", "0-000a71ff/12"},
                                        {"ce_type", "foldlog.OwnershipProved.v1"},
                                        {"ce_time", "2026-11-21T09:30:00.123456Z"},
                                        {"ce_epoch", "0-000a71ff"},
                                        {"ce_epochseq", "12"},
                                        {"ce_commit", "0/1"}});
  CHECK(found[2].key == "alice");
  auto refused = event_headers(topic);
  refused[3].second = "9f1c";
  refused[4].second = "foldlog.CommandRefused.v1";
  refused[11].second = "0/1";
  CHECK(found[2].headers == refused);
}

struct foreign_case {
  std::string what;
  raw_message message;
};

void set_header(raw_message& message, std::string_view name, const std::string& value) {
  for (auto& [key, old] : message.headers) {
    if (key == name) old = value;
  }
}

raw_message with(raw_message message, std::string_view name, const std::string& value) {
  set_header(message, name, value);
  return message;
}

raw_message without(raw_message message, std::string_view name) {
  std::erase_if(message.headers, [&](const auto& each) { return each.first == name; });
  return message;
}

TEST_CASE("what another program wrote is ours only when every header is exactly right") {
  plain_fixture fixture;
  auto log = fixture.make(1, 1);
  const auto& topic = fixture.options.topics.front();
  const raw_message good{"alice", R"({"amount":5})", event_headers(topic), 0};
  std::vector<foreign_case> cases{{"no headers", {"alice", "{}", {}, 0}},
                                  {"a null value", {"alice", std::nullopt, event_headers(topic), 0}},
                                  {"a null key", {std::nullopt, "{}", event_headers(topic), 0}},
                                  {"another key", {"bob", "{}", event_headers(topic), 0}}};
  for (const auto* name : {"content-type", "ce_specversion", "ce_source", "ce_id", "ce_type", "ce_subject", "ce_time",
                           "ce_epoch", "ce_epochseq", "ce_commit"}) {
    cases.push_back({name, without(good, name)});
  }
  for (const auto& [name, value] : raw_headers{{"ce_specversion", "1.1"},
                                               {"ce_source", "/bank/other"},
                                               {"ce_id", "bob/4"},
                                               {"ce_id", "alice/0"},
                                               {"ce_id", "alice/04"},
                                               {"ce_time", "yesterday"},
                                               {"ce_epoch", "1184"},
                                               {"ce_epoch", "1184-9F3C2A71"},
                                               {"ce_epochseq", "-1"},
                                               {"ce_epochseq", "07"},
                                               {"ce_commit", "2/2"},
                                               {"ce_commit", "1"},
                                               {"ce_commandhash", "ff"},
                                               {"ce_type", "foldlog.Other.v1"},
                                               {"ce_type", "foldlog.PartitionClaimed.v1"},
                                               {"ce_type", "foldlog.OwnershipProved.v1"}}) {
    cases.push_back({name + " " + value, with(good, name, value)});
  }
  auto doubled = good;
  doubled.headers.emplace_back("ce_epochseq", "7");
  cases.push_back({"a doubled header", doubled});
  std::vector<raw_message> messages;
  for (const auto& each : cases) messages.push_back(each.message);
  auto extended = good;
  extended.headers.insert(extended.headers.begin() + 3, {"x-trace", "1"});
  messages.push_back(extended);
  std::ranges::reverse(extended.headers);
  messages.push_back(extended);
  raw_write(shared_kafka(), topic, 0, messages);

  const auto reader = log->open_reader({{{0, 0}, offset_t{0}}}, [] {});
  const auto found = read_records(fixture, *reader, messages.size());
  REQUIRE(found.size() == messages.size());
  for (std::size_t n = 0; n < cases.size(); ++n) {
    CHECK_MESSAGE(found[n].fields.kind == record_kind::foreign, cases[n].what);
    CHECK(raw(found[n].fields.offset) == static_cast<std::int64_t>(n));
  }
  for (std::size_t n = cases.size(); n < found.size(); ++n) {  // unknown headers and another order are no harm
    CHECK(found[n].fields.kind == record_kind::event);
    CHECK(found[n].fields.version == version_t{4});
    CHECK(found[n].fields.epoch_sequence == 7);
    CHECK(found[n].texts[0] == "alice");
  }
}

TEST_CASE("the records that other programs write take offsets too, and an append is then not consecutive to the last") {
  plain_fixture fixture;
  const auto log = fixture.make(1, 1);
  const auto event = sample_event("1");
  CHECK(raw(append_now(fixture, *log, {0, 0}, std::span(&event, 1)).first) == 0);
  raw_write(shared_kafka(), fixture.options.topics.front(), 0, {{"k", "v", {}, 0}, {"k", "v", {}, 0}});
  CHECK(raw(append_now(fixture, *log, {0, 0}, std::span(&event, 1)).first) == 3);
  CHECK(log->query_end_offset({0, 0}) == result<offset_t>(offset_t{4}));
}

}  // namespace
}  // namespace foldlog::test
