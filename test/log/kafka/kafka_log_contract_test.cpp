#include <doctest/doctest.h>

#include "core/log/kafka_log.h"
#include "test/log/contract.h"
#include "test/log/kafka/kafka_broker.h"

namespace foldlog::test {
namespace {

class kafka_fixture final : public log_fixture {
 public:
  std::unique_ptr<event_log> make(std::size_t topics, std::int32_t partitions) override {
    options_ = fresh_options(shared_kafka(), topics, partitions);
    return reopen();
  }

  std::unique_ptr<event_log> reopen() override {
    auto opened = open_kafka_log(options_, executor());
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text));
    return std::move(*opened);
  }

  [[nodiscard]] std::size_t value_bytes_too_large() const override { return 1'000'000; }

 private:
  log_options options_;
};

// Its broker stops breathing while an append is under way.
class freezing_fixture final : public log_fixture {
 public:
  std::unique_ptr<event_log> make(std::size_t topics, std::int32_t partitions) override {
    options_ = fresh_options(kafka_.bootstrap(), topics, partitions);
    options_.kafka_settings["message.timeout.ms"] = "2000";
    return reopen();
  }

  std::unique_ptr<event_log> reopen() override {
    auto opened = open_kafka_log(options_, executor());
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text));
    return std::move(*opened);
  }

  [[nodiscard]] std::size_t value_bytes_too_large() const override { return 1'000'000; }

  bool doubt_next_append(event_log& /*log*/) override {
    kafka_.freeze(1, 3500);
    return true;
  }

 private:
  own_kafka kafka_;
  log_options options_;
};

TEST_CASE("the Kafka log keeps the contract of event_log") {
  kafka_fixture fixture;
  keep_the_log_contract(fixture);
}

TEST_CASE("an append that a frozen broker took is unknown, and the log goes on when it thaws") {
  freezing_fixture fixture;
  auto log = fixture.make(1, 1);
  const auto before = sample_event(R"("before")");
  const auto perhaps = sample_event(R"("perhaps")");
  const auto certain = sample_event(R"("certain")");
  REQUIRE(append_now(fixture, *log, {0, 0}, std::span(&before, 1)).status == append_status::acknowledged);
  REQUIRE(fixture.doubt_next_append(*log));
  const auto doubtful = append_now(fixture, *log, {0, 0}, std::span(&perhaps, 1));
  CHECK(doubtful.status == append_status::unknown);
  CHECK(doubtful.error.kind == error_kind::unknown);
  append_result last;
  REQUIRE(fixture.run_until([&] {
    last = append_now(fixture, *log, {0, 0}, std::span(&certain, 1));
    return last.status == append_status::acknowledged;
  }));
  const auto reader = log->open_reader({{{0, 0}, offset_t{0}}}, [] {});
  const auto found = read_records(fixture, *reader, static_cast<std::size_t>(raw(last.first)) + 1);
  REQUIRE(found.size() >= 2);
  CHECK(found.front().texts[2] == R"("before")");
  CHECK(found.back().texts[2] == R"("certain")");
  int times = 0;
  for (const auto& each : found) times += each.texts[2] == R"("perhaps")" ? 1 : 0;
  CHECK(times <= 1);
}

}  // namespace
}  // namespace foldlog::test
