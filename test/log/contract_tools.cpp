#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "test/log/contract.h"

namespace foldlog::test {
namespace {

constexpr auto patience = std::chrono::seconds(30);

}  // namespace

bool log_fixture::run_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    context_.run_one_for(std::chrono::milliseconds(2));
    context_.poll();
  }
  return true;
}

kept_record::kept_record(partition_id where, const record& seen) : at(where), fields(seen) {
  for (auto* view : {&fields.key, &fields.type, &fields.value, &fields.command_id, &fields.correlation_id,
                     &fields.causation_id, &fields.actor, &fields.traceparent}) {
    texts.emplace_back(*view);
    *view = {};
  }
}

bool kept_record::operator==(const kept_record& other) const { return text() == other.text(); }

std::string kept_record::text() const {
  std::string out = fmt::format(
      "{}/{}@{} kind {} time {} version {} epoch {}-{:08x} sequence {} commit {}/{} hash {:016x}", at.topic,
      at.partition, raw(fields.offset), static_cast<int>(fields.kind), fields.time.time_since_epoch().count(),
      raw(fields.version), raw(fields.epoch.offset), fields.epoch.nonce, fields.epoch_sequence, fields.commit_index,
      fields.commit_count, fields.command_hash);
  for (const auto& part : texts) out += fmt::format(" [{}]", part);
  return out;
}

std::vector<kept_record> read_records(log_fixture& fixture, log_reader& reader, std::size_t count,
                                      const read_limits& limits) {
  std::vector<kept_record> found;
  record_batch batch;
  auto last_news = std::chrono::steady_clock::now();
  while (found.size() < count && std::chrono::steady_clock::now() - last_news < patience) {
    const auto read = reader.read(batch, limits);
    REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().text));
    CHECK(batch.items.size() <= limits.records);
    for (const auto& item : batch.items) found.emplace_back(partition_id{item.topic, item.partition}, item.record);
    if (!batch.items.empty()) {
      last_news = std::chrono::steady_clock::now();
    } else {
      const auto pause_end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
      (void)fixture.run_until([&] { return std::chrono::steady_clock::now() >= pause_end; });
    }
  }
  return found;
}

append_result append_now(log_fixture& fixture, event_log& log, partition_id to, std::span<const record> records) {
  std::vector<append_result> outcome;
  log.append(to, records, [&](append_result result) { outcome.push_back(std::move(result)); });
  CHECK(outcome.empty());  // never from within the call
  REQUIRE(fixture.run_until([&] { return !outcome.empty(); }));
  return outcome.front();
}

record sample_event(std::string_view value) {
  record event;
  event.kind = record_kind::event;
  event.time = timestamp{std::chrono::microseconds(1'795'253'400'123'456)};
  event.key = "alice";
  event.type = "bank.DepositMade.v1";
  event.value = value;
  event.version = version_t{1};
  event.epoch = {offset_t{0}, 0x9f3c2a71};
  event.command_hash = 0x0123456789abcdef;
  event.command_id = "9f1c";
  return event;
}

std::vector<record> one_of_each_kind() {
  record full = sample_event(R"({"amount":1200,"reference":"Grüße, 東京 \u0000 🏦"})");
  full.key = "a.B_c~d:e@f-0";
  full.version = version_t{9'007'199'254'740'993};
  full.epoch = {offset_t{1184}, 0xffffffff};
  full.epoch_sequence = 18'446'744'073'709'551'614U;
  full.commit_index = 1;
  full.commit_count = 500;
  full.command_hash = 0xfedcba9876543210;
  full.command_id = "!~visible-ASCII/9f1c";
  full.correlation_id = "order-17";
  full.causation_id = "bank/account/bob/7";
  full.actor = "Jürgen 李";
  full.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  record plain = sample_event("{}");
  record claim;
  claim.kind = record_kind::claim;
  claim.time = plain.time;
  claim.type = claim_type;
  claim.value = R"({"node":"n1","endpoint":"http://127.0.0.1:8080"})";
  claim.epoch = {no_offset, 0x00000007};
  record proof = claim;
  proof.kind = record_kind::proof;
  proof.type = proof_type;
  proof.value = "{}";
  proof.epoch = {offset_t{2}, 7};
  proof.epoch_sequence = 3;
  record refusal = full;
  refusal.kind = record_kind::refusal;
  refusal.type = refusal_type;
  refusal.value = R"({"command":"Withdraw","version":3,"code":"insufficient-funds"})";
  refusal.version = version_t{0};
  refusal.commit_index = 0;
  refusal.commit_count = 1;
  refusal.traceparent = {};
  record old_time = plain;
  old_time.time = timestamp{std::chrono::microseconds(1)};
  old_time.value = "[]";
  return {full, plain, claim, proof, refusal, old_time};
}

}  // namespace foldlog::test
