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
  std::string out = fmt::format("{}/{}@{} kind {} time {} version {} epoch {}-{:08x} sequence {} commit {}/{} hash {:016x}",
                                at.topic, at.partition, raw(fields.offset), static_cast<int>(fields.kind),
                                fields.time.time_since_epoch().count(), raw(fields.version), raw(fields.epoch.offset),
                                fields.epoch.nonce, fields.epoch_sequence, fields.commit_index, fields.commit_count,
                                fields.command_hash);
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

}  // namespace foldlog::test
