#include "core/log/memory_log.h"

#include <doctest/doctest.h>

#include "test/log/contract.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

class memory_fixture : public log_fixture {
 public:
  std::unique_ptr<event_log> make(std::size_t topics, std::int32_t partitions) override {
    std::vector<std::string> names;
    for (std::size_t n = 0; n < topics; ++n) names.push_back("bank.category" + std::to_string(n));
    storage_ = memory_log::make_storage(names, partitions);
    return reopen();
  }
  std::unique_ptr<event_log> reopen() override { return std::make_unique<memory_log>(storage_, executor()); }
  std::size_t value_bytes_too_large() const override { return memory_log::append_bytes_max; }
  bool doubt_next_append(event_log& log) override {
    dynamic_cast<memory_log&>(log).fail_append(1, fault);
    return true;
  }

  append_fault fault = append_fault::lost;

 private:
  std::shared_ptr<memory_log::storage> storage_;
};

constexpr partition_id at{0, 0};

struct lone_log : memory_fixture {
  std::unique_ptr<event_log> made = make(1, 1);
  memory_log& log = dynamic_cast<memory_log&>(*made);

  append_result append(std::string_view value) {
    const auto event = sample_event(value);
    return append_now(*this, log, at, std::span(&event, 1));
  }
  std::vector<std::string> values() {
    const auto reader = log.open_reader({{at, offset_t{0}}}, [] {});
    const auto end = log.end_offset(at);
    std::vector<std::string> found;
    for (const auto& each : read_records(*this, *reader, static_cast<std::size_t>(raw(*end))))
      found.push_back(each.texts[2]);
    return found;
  }
};

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("the memory log keeps the contract of event_log") {
  memory_fixture fixture;
  SUBCASE("losing appends in doubt") { fixture.fault = append_fault::lost; }
  SUBCASE("keeping appends in doubt") { fixture.fault = append_fault::written; }
  keep_the_log_contract(fixture);
}

TEST_CASE("the n-th append goes wrong in the way that was asked for") {
  lone_log here;
  here.log.fail_append(2, append_fault::refused);
  here.log.fail_append(3, append_fault::lost);
  here.log.fail_append(4, append_fault::written);
  CHECK(here.append("1").status == append_status::acknowledged);
  CHECK(here.append("2").status == append_status::refused);
  CHECK(here.append("3").status == append_status::unknown);
  CHECK(here.append("4").status == append_status::unknown);
  CHECK(raw(here.append("5").first) == 2);
  CHECK(here.values() == strings{"1", "4", "5"});
}

TEST_CASE("a late append lands when it is told to") {
  lone_log here;
  here.log.fail_append(1, append_fault::late);
  CHECK(here.append("late").status == append_status::unknown);
  CHECK(here.append("1").status == append_status::acknowledged);
  CHECK(here.values() == strings{"1"});
  here.log.land();
  here.log.land();
  CHECK(here.values() == strings{"1", "late"});
}

TEST_CASE("a doubled append is twice in the log and a misreported one has no place") {
  lone_log here;
  here.log.fail_append(1, append_fault::doubled);
  here.log.fail_append(2, append_fault::misreported);
  const auto doubled = here.append("1");
  CHECK(doubled.status == append_status::acknowledged);
  CHECK(raw(doubled.first) == 0);
  const auto misreported = here.append("2");
  CHECK(misreported.status == append_status::acknowledged);
  CHECK(misreported.first == no_offset);
  CHECK_FALSE(misreported.consecutive);
  CHECK(here.values() == strings{"1", "1", "2"});
}

TEST_CASE("while all appends fail health says so, and it heals") {
  lone_log here;
  here.log.fail_appends(append_fault::refused);
  CHECK(here.append("1").status == append_status::refused);
  CHECK_FALSE(here.log.health().writable);
  CHECK_FALSE(here.log.health().reason.empty());
  here.log.heal();
  CHECK(here.log.health().writable);
  CHECK(here.append("2").status == append_status::acknowledged);
}

TEST_CASE("a corrupted record is read up to and then reported") {
  lone_log here;
  for (const auto* value : {"1", "2", "3"}) (void)here.append(value);
  here.log.corrupt(at, offset_t{1});
  const auto reader = here.log.open_reader({{at, offset_t{0}}}, [] {});
  record_batch batch;
  CHECK(reader->read(batch, {}).has_value());
  CHECK(batch.items.size() == 1);
  for (int n = 0; n < 2; ++n) {
    const auto read = reader->read(batch, {});
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == error_kind::damaged);
  }
}

TEST_CASE("two logs over one storage see each other's records") {
  lone_log here;
  memory_log other(here.log.records(), here.executor(), true);
  CHECK(here.log.exclusive());
  CHECK_FALSE(other.exclusive());
  int calls = 0;
  const auto reader = other.open_reader({{at, offset_t{0}}}, [&] { ++calls; });
  record_batch batch;
  CHECK(reader->read(batch, {}).has_value());
  CHECK(batch.items.empty());
  (void)here.append("1");
  CHECK(calls == 1);
  CHECK(read_records(here, *reader, 1).size() == 1);
}

TEST_CASE("a batch outlives its reader and its log") {
  record_batch batch;
  {
    lone_log here;
    (void)here.append("kept");
    const auto reader = here.log.open_reader({{at, offset_t{0}}}, [] {});
    CHECK(reader->read(batch, {}).has_value());
  }
  REQUIRE(batch.items.size() == 1);
  CHECK(batch.items.front().record.value == "kept");
}

TEST_CASE("every partition gets its turn when there are more of them than records asked for") {
  memory_fixture fixture;
  const auto log = fixture.make(1, 5);
  std::vector<event_log::start> starts;
  for (std::int32_t partition = 0; partition < 5; ++partition) {
    starts.push_back({{0, partition}, offset_t{0}});
    for (int n = 0; n < 4; ++n) {
      const auto event = sample_event("1");
      (void)append_now(fixture, *log, {0, partition}, std::span(&event, 1));
    }
  }
  const auto reader = log->open_reader(starts, [] {});
  record_batch batch;
  std::vector<int> seen(5);
  for (int n = 0; n < 5; ++n) {
    CHECK(reader->read(batch, {.records = 2}).has_value());
    CHECK(batch.items.size() == 2);
    for (const auto& item : batch.items) ++seen[static_cast<std::size_t>(item.partition)];
  }
  CHECK(seen == std::vector<int>(5, 2));
}

TEST_CASE("damage in one partition loses no record of another") {
  memory_fixture fixture;
  const auto log = fixture.make(1, 3);
  std::vector<event_log::start> starts;
  for (std::int32_t partition = 0; partition < 3; ++partition) {
    starts.push_back({{0, partition}, offset_t{0}});
    const std::vector<record> events(10, sample_event("1"));
    (void)append_now(fixture, *log, {0, partition}, events);
  }
  dynamic_cast<memory_log&>(*log).corrupt({0, 1}, offset_t{4});
  const auto reader = log->open_reader(starts, [] {});
  record_batch batch;
  std::vector<int> seen(3);
  int errors = 0;
  for (int n = 0; n < 30; ++n) {
    const auto read = reader->read(batch, {.records = 3});
    if (!read) ++errors;
    if (!read) CHECK(batch.items.empty());
    for (const auto& item : batch.items) ++seen[static_cast<std::size_t>(item.partition)];
  }
  CHECK(seen == std::vector<int>{10, 4, 10});
  CHECK(errors > 5);
}
