#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>

#include <atomic>
#include <set>

#include "core/log/kafka_log.h"
#include "core/log/kafka_producer.h"
#include "core/log/kafka_session.h"
#include "core/log/kafka_topics.h"
#include "test/log/contract.h"
#include "test/log/kafka/kafka_broker.h"
#include "test/log/kafka/kafka_raw.h"

namespace foldlog::test {
namespace {

class faulty_fixture final : public log_fixture {
 public:
  explicit faulty_fixture(log_options with) : options(std::move(with)) {}
  std::unique_ptr<event_log> make(std::size_t /*topics*/, std::int32_t /*partitions*/) override { return reopen(); }
  std::unique_ptr<event_log> reopen() override {
    auto opened = open_kafka_log(options, executor());
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text));
    return std::move(*opened);
  }
  [[nodiscard]] std::size_t value_bytes_too_large() const override { return 1'000'000; }

  log_options options;
};

constexpr partition_id first{0, 0};

append_result append_value(log_fixture& fixture, event_log& log, std::string_view value) {
  const auto event = sample_event(value);
  return append_now(fixture, log, first, std::span(&event, 1));
}

bool append_until_acknowledged(log_fixture& fixture, event_log& log, std::string_view value) {
  return fixture.run_until([&] { return append_value(fixture, log, value).status == append_status::acknowledged; });
}

void wait(log_fixture& fixture, int milliseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  (void)fixture.run_until([&] { return std::chrono::steady_clock::now() >= end; });
}

TEST_CASE("a log goes on over the death and return of its only broker, with honest outcomes") {
  const own_kafka kafka;
  faulty_fixture fixture(fresh_options(kafka.bootstrap(), 1, 1));
  fixture.options.kafka_settings["message.timeout.ms"] = "3000";
  const auto log = fixture.reopen();
  std::atomic<int> calls = 0;
  const auto reader = log->open_reader({{first, offset_t{0}}}, [&] { ++calls; });
  std::set<std::string> acknowledged;
  std::set<std::string> refused;
  std::vector<std::string> values;
  for (int n = 0; n < 3000; ++n) values.push_back(std::to_string(n));
  std::size_t ended = 0;
  const auto send = [&](int from, int to) {
    for (int n = from; n < to; ++n) {
      const auto& value = values[static_cast<std::size_t>(n)];
      const auto event = sample_event(value);
      log->append(first, std::span(&event, 1), [&](const append_result& outcome) {
        ++ended;
        if (outcome.status == append_status::acknowledged) acknowledged.insert(value);
        if (outcome.status == append_status::refused) refused.insert(value);
      });
    }
  };
  send(0, 1000);
  REQUIRE(fixture.run_until([&] { return !acknowledged.empty(); }));
  send(1000, 2000);
  kafka.kill();
  send(2000, 2500);
  REQUIRE(fixture.run_until([&] { return !log->health().writable; }));
  CHECK_FALSE(log->health().readable);
  CHECK_FALSE(log->health().reason.empty());
  CHECK(append_value(fixture, *log, R"("while away")").status == append_status::refused);
  send(2500, 3000);
  REQUIRE(fixture.run_until([&] { return ended == 3000; }));
  CHECK(refused.contains("2999"));

  kafka.start();
  REQUIRE(fixture.run_until([&] { return log->health().writable && log->health().readable; }));
  CHECK(log->health().reason.empty());
  REQUIRE(append_until_acknowledged(fixture, *log, R"("after")"));
  const auto end = log->query_end_offset(first);
  REQUIRE(end.has_value());
  const auto found = read_records(fixture, *reader, static_cast<std::size_t>(raw(*end)));
  REQUIRE(found.size() == static_cast<std::size_t>(raw(*end)));
  std::multiset<std::string> seen;
  for (const auto& each : found) seen.insert(each.texts[2]);
  for (const auto& value : acknowledged) CHECK(seen.count(value) == 1);
  for (const auto& value : refused) CHECK(seen.count(value) == 0);
  CHECK(seen.count(R"("while away")") == 0);
  CHECK(seen.count(R"("after")") == 1);
  CHECK(calls > 0);
}

TEST_CASE("a log that opens before its broker is refused and unavailable, then comes to life by itself") {
  const own_kafka kafka;
  kafka.kill();
  faulty_fixture fixture(fresh_options(kafka.bootstrap(), 1, 2));
  const auto log = fixture.reopen();
  CHECK(log->partitions() == 2);
  CHECK_FALSE(log->health().writable);
  CHECK_FALSE(log->health().readable);
  CHECK_FALSE(log->health().reason.empty());
  CHECK_FALSE(log->end_offset(first).has_value());
  const auto refused = append_value(fixture, *log, "1");
  CHECK(refused.status == append_status::refused);
  CHECK(refused.error.kind == error_kind::unavailable);
  std::atomic<int> calls = 0;
  const auto reader = log->open_reader({{first, offset_t{0}}}, [&] { ++calls; });
  record_batch batch;
  const auto early = reader->read(batch, {});
  calls = 0;
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().kind == error_kind::unavailable);

  kafka.start();
  REQUIRE(fixture.run_until([&] { return log->health().writable; }));
  CHECK(append_value(fixture, *log, R"("alive")").status == append_status::acknowledged);
  REQUIRE(fixture.run_until([&] { return calls > 0; }));
  const auto found = read_records(fixture, *reader, 1);
  REQUIRE(found.size() == 1);
  CHECK(found.front().texts[2] == R"("alive")");
  log_options unknown_count = fixture.options;
  kafka.kill();
  unknown_count.partitions = 0;
  const auto opened = open_kafka_log(unknown_count, fixture.executor());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().kind == error_kind::unavailable);
}

TEST_CASE("a wrong setting that is found late is named by health, and appends stay refused") {
  const own_kafka kafka;
  faulty_fixture fixture(fresh_options(kafka.bootstrap(), 1, 1));
  raw_create(kafka.bootstrap(), fixture.options.topics.front(), 1, {{"retention.bytes", "-1"}});
  kafka.kill();
  const auto log = fixture.reopen();
  kafka.start();
  REQUIRE(fixture.run_until([&] { return log->health().reason.find("retention.ms") != std::string::npos; }));
  CHECK(append_value(fixture, *log, "1").status == append_status::refused);
  CHECK_FALSE(log->health().writable);
}

TEST_CASE("after a fatal error the appends under way are unknown and a new producer takes the next ones") {
  const auto options = fresh_options(shared_kafka(), 1, 1);
  REQUIRE(create_topics(options).has_value());
  faulty_fixture fixture(options);
  const auto outbox = std::make_shared<kafka_outbox>(fixture.executor());
  auto producer = kafka_producer::make(options, outbox, {});
  REQUIRE(producer.has_value());
  const auto event = sample_event("1");
  std::vector<append_result> outcomes;
  const auto append = [&] {
    const auto expected = outcomes.size() + 1;
    (*producer)->append(first, std::span(&event, 1), [&](append_result r) { outcomes.push_back(std::move(r)); });
    return expected;
  };
  auto expected = append();
  REQUIRE(fixture.run_until([&] { return outcomes.size() == expected; }));
  CHECK(outcomes.back().status == append_status::acknowledged);
  const auto broken = (*producer)->session();
  rd_kafka_test_fatal_error(broken->handle(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "on purpose");
  expected = append();
  REQUIRE(fixture.run_until([&] { return outcomes.size() == expected; }));
  CHECK(outcomes.back().status != append_status::acknowledged);
  REQUIRE(fixture.run_until([&] { return broken->is_dead(); }));
  expected = append();
  REQUIRE(fixture.run_until([&] { return outcomes.size() == expected; }));
  CHECK(outcomes.back().status == append_status::acknowledged);
  CHECK(raw(outcomes.back().first) == 1);
  CHECK((*producer)->session() != broken);
  (*producer)->close();
  outbox->close();
}

TEST_CASE("a reader of a deleted topic reports damage with topic, partition and offset") {
  faulty_fixture fixture(fresh_options(shared_kafka(), 1, 1));
  const auto log = fixture.reopen();
  for (int n = 0; n < 3; ++n) CHECK(append_value(fixture, *log, "1").status == append_status::acknowledged);
  const auto reader = log->open_reader({{first, offset_t{0}}}, [] {});
  CHECK(read_records(fixture, *reader, 3).size() == 3);
  SUBCASE("deleted") { raw_delete(shared_kafka(), fixture.options.topics.front()); }
  SUBCASE("deleted and created again, shorter") {
    raw_delete(shared_kafka(), fixture.options.topics.front());
    wait(fixture, 500);
    REQUIRE(create_topics(fixture.options).has_value());
  }
  result<void> last;
  REQUIRE(fixture.run_until([&] {
    record_batch batch;
    last = reader->read(batch, {});
    return !last.has_value();
  }));
  CHECK(last.error().kind == error_kind::damaged);
  CHECK(last.error().text.find(fixture.options.topics.front() + "/0@3") != std::string::npos);
}

TEST_CASE("a reader that has waited beyond the end for a while gets its record and none before it") {
  faulty_fixture fixture(fresh_options(shared_kafka(), 1, 1));
  const auto log = fixture.reopen();
  const auto reader = log->open_reader({{first, offset_t{3}}}, [] {});
  for (int n = 0; n < 4; ++n) {
    for (int round = 0; round < 20; ++round) {
      record_batch batch;
      REQUIRE(reader->read(batch, {}).has_value());
      CHECK(batch.items.empty());
      wait(fixture, 20);
    }
    CHECK(append_value(fixture, *log, std::to_string(n)).status == append_status::acknowledged);
  }
  const auto found = read_records(fixture, *reader, 1);
  REQUIRE(found.size() == 1);
  CHECK(raw(found.front().fields.offset) == 3);
}

TEST_CASE("a reader below the beginning of the log reports damage") {
  faulty_fixture fixture(fresh_options(shared_kafka(), 1, 1));
  const auto log = fixture.reopen();
  for (int n = 0; n < 3; ++n) CHECK(append_value(fixture, *log, "1").status == append_status::acknowledged);
  raw_delete_before(shared_kafka(), fixture.options.topics.front(), 0, 2);
  const auto reader = log->open_reader({{first, offset_t{1}}}, [] {});
  result<void> last;
  REQUIRE(fixture.run_until([&] {
    record_batch batch;
    last = reader->read(batch, {});
    return !last.has_value();
  }));
  CHECK(last.error().kind == error_kind::damaged);
  CHECK(last.error().text.find(fixture.options.topics.front() + "/0@1") != std::string::npos);
  result<record_batch> fetched;
  bool done = false;
  log->fetch(first, offset_t{0}, offset_t{1}, [&](result<record_batch> answer) {
    fetched = std::move(answer);
    done = true;
  });
  REQUIRE(fixture.run_until([&] { return done; }));
  REQUIRE_FALSE(fetched.has_value());
  CHECK(fetched.error().kind == error_kind::damaged);
}

TEST_CASE("three brokers: losing one changes nothing, losing two stops the writing until one returns") {
  const own_kafka kafka(3);
  auto options = fresh_options(kafka.bootstrap(), 1, 2);
  options.replicas = 3;
  options.kafka_settings["message.timeout.ms"] = "5000";
  faulty_fixture fixture(options);
  const auto log = fixture.reopen();
  CHECK(append_value(fixture, *log, "0").status == append_status::acknowledged);
  const auto all_right = check_topics(options);
  REQUIRE(all_right.has_value());
  CHECK(all_right->empty());
  kafka.kill(3);
  REQUIRE(append_until_acknowledged(fixture, *log, "1"));
  REQUIRE(fixture.run_until([&] { return log->health().writable; }));
  kafka.kill(2);
  REQUIRE(fixture.run_until([&] { return append_value(fixture, *log, "2").status != append_status::acknowledged; }));
  REQUIRE(fixture.run_until([&] { return !log->health().writable; }));
  kafka.start(3);
  REQUIRE(append_until_acknowledged(fixture, *log, "3"));
  REQUIRE(fixture.run_until([&] { return log->health().writable; }));
  const auto end = log->query_end_offset(first);
  REQUIRE(end.has_value());
  const auto reader = log->open_reader({{first, offset_t{0}}}, [] {});
  const auto found = read_records(fixture, *reader, static_cast<std::size_t>(raw(*end)));
  std::multiset<std::string> seen;
  for (const auto& each : found) seen.insert(each.texts[2]);
  CHECK(seen.count("0") == 1);
  CHECK(seen.count("1") >= 1);
  CHECK(seen.count("3") >= 1);
}

}  // namespace
}  // namespace foldlog::test
