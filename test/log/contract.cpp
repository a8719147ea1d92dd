#include "test/log/contract.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>

namespace foldlog::test {
namespace {

constexpr partition_id first_partition{0, 0};

ready_handler nobody() {
  return [] {};
}

std::vector<record> events(const std::vector<std::string>& values) {
  std::vector<record> made;
  made.reserve(values.size());
  for (const auto& value : values) made.push_back(sample_event(value));
  return made;
}

append_result append_values(log_fixture& fixture, event_log& log, partition_id to,
                            const std::vector<std::string>& values) {
  const auto records = events(values);
  return append_now(fixture, log, to, records);
}

/// Appends `{"n":0}` ... one by one, `count` of them.
void fill(log_fixture& fixture, event_log& log, partition_id to, int count) {
  for (int n = 0; n < count; ++n) {
    const auto result = append_values(fixture, log, to, {fmt::format(R"({{"n":{}}})", n)});
    REQUIRE(result.status == append_status::acknowledged);
  }
}

std::vector<std::string> values_of(const std::vector<kept_record>& records) {
  std::vector<std::string> values;
  values.reserve(records.size());
  for (const auto& each : records) values.push_back(each.texts[2]);
  return values;
}

void a_new_log_is_empty(log_fixture& fixture) {
  const auto log = fixture.make(2, 3);
  CHECK(log->topics().size() == 2);
  CHECK(log->partitions() == 3);
  CHECK_FALSE(log->description().empty());
  CHECK(log->health().writable);
  CHECK(log->health().readable);
  for (std::uint32_t topic = 0; topic < 2; ++topic) {
    for (std::int32_t partition = 0; partition < 3; ++partition) {
      CHECK(log->query_end_offset({topic, partition}) == result<offset_t>(offset_t{0}));
    }
  }
  const auto reader = log->open_reader({{first_partition, offset_t{0}}}, nobody());
  record_batch batch;
  CHECK(reader->read(batch, {}).has_value());
  CHECK(batch.items.empty());
}

void appends_take_dense_offsets_in_their_order(log_fixture& fixture) {
  const auto log = fixture.make(1, 2);
  std::vector<std::pair<int, append_result>> outcomes;
  std::vector<std::string> expected;
  constexpr int appends = 100;
  for (int n = 0; n < appends; ++n) {
    std::vector<std::string> values;
    for (int part = 0; part <= n % 3; ++part) values.push_back(fmt::format(R"({{"n":{},"part":{}}})", n, part));
    expected.insert(expected.end(), values.begin(), values.end());
    const auto records = events(values);
    log->append(first_partition, records, [&, n](append_result r) { outcomes.emplace_back(n, std::move(r)); });
    CHECK(outcomes.empty());
  }
  REQUIRE(fixture.run_until([&] { return outcomes.size() == appends; }));
  std::int64_t next_offset = 0;
  for (int n = 0; n < appends; ++n) {
    const auto& [number, outcome] = outcomes[static_cast<std::size_t>(n)];
    CHECK(number == n);
    REQUIRE(outcome.status == append_status::acknowledged);
    CHECK(raw(outcome.first) == next_offset);
    CHECK(outcome.consecutive);
    next_offset += 1 + n % 3;
  }
  CHECK(log->query_end_offset(first_partition) == result<offset_t>(offset_t{next_offset}));
  CHECK(log->end_offset(first_partition).has_value());
  CHECK(log->query_end_offset({0, 1}) == result<offset_t>(offset_t{0}));
  const auto reader = log->open_reader({{first_partition, offset_t{0}}}, nobody());
  const auto found = read_records(fixture, *reader, expected.size());
  CHECK(values_of(found) == expected);
  for (std::size_t n = 0; n < found.size(); ++n) CHECK(raw(found[n].fields.offset) == static_cast<std::int64_t>(n));
}

void a_reader_mixes_partitions_and_keeps_the_order_of_each(log_fixture& fixture) {
  const auto log = fixture.make(2, 2);
  constexpr std::size_t rounds = 40;
  std::size_t done = 0;
  for (std::size_t n = 0; n < rounds; ++n) {
    for (std::uint32_t topic = 0; topic < 2; ++topic) {
      for (std::int32_t partition = 0; partition < 2; ++partition) {
        const auto value = fmt::format(R"({{"at":"{}/{}","n":{}}})", topic, partition, n);
        const auto event = sample_event(value);
        log->append({topic, partition}, std::span(&event, 1), [&](const append_result& r) {
          CHECK(r.status == append_status::acknowledged);
          ++done;
        });
      }
    }
  }
  REQUIRE(fixture.run_until([&] { return done == rounds * 4; }));
  std::vector<event_log::start> starts;
  for (std::uint32_t topic = 0; topic < 2; ++topic) {
    for (std::int32_t partition = 0; partition < 2; ++partition) starts.push_back({{topic, partition}, offset_t{0}});
  }
  const auto reader = log->open_reader(starts, nobody());
  std::map<partition_id, std::size_t> next_of;
  for (const auto& each : read_records(fixture, *reader, rounds * 4, {.records = 7})) {
    const auto n = next_of[each.at]++;
    CHECK(std::cmp_equal(raw(each.fields.offset), n));
    CHECK(each.texts[2] == fmt::format(R"({{"at":"{}/{}","n":{}}})", each.at.topic, each.at.partition, n));
  }
  REQUIRE(next_of.size() == 4);
  for (const auto& [at, count] : next_of) CHECK(count == rounds);
}

void a_reader_starts_at_any_offset(log_fixture& fixture) {
  const auto log = fixture.make(1, 1);
  fill(fixture, *log, first_partition, 5);
  for (std::int64_t from = 0; from < 5; ++from) {
    const auto reader = log->open_reader({{first_partition, offset_t{from}}}, nobody());
    const auto found = read_records(fixture, *reader, static_cast<std::size_t>(5 - from));
    REQUIRE(found.size() == static_cast<std::size_t>(5 - from));
    CHECK(raw(found.front().fields.offset) == from);
    CHECK(found.front().texts[2] == fmt::format(R"({{"n":{}}})", from));
  }
}

void a_reader_beyond_the_end_waits_there(log_fixture& fixture) {
  const auto log = fixture.make(1, 1);
  fill(fixture, *log, first_partition, 2);
  const auto reader = log->open_reader({{first_partition, offset_t{4}}}, nobody());
  record_batch batch;
  CHECK(reader->read(batch, {}).has_value());
  CHECK(batch.items.empty());
  for (const auto* value : {R"("two")", R"("three")", R"("four")"}) {
    CHECK(append_values(fixture, *log, first_partition, {value}).status == append_status::acknowledged);
  }
  CHECK(values_of(read_records(fixture, *reader, 1)) == std::vector<std::string>{R"("four")"});
}

template <bool gathering>
void a_reader_at_the_end_is_called_when_there_is_more(log_fixture& fixture) {
  const auto log = fixture.make(1, 2);
  fill(fixture, *log, first_partition, 1);
  std::atomic<int> calls = 0;
  const std::vector<event_log::start> starts{{first_partition, offset_t{0}}, {{0, 1}, offset_t{0}}};
  const auto ready = [&] { ++calls; };
  const auto reader = gathering ? log->open_gathering_reader(starts, ready) : log->open_reader(starts, ready);
  CHECK(read_records(fixture, *reader, 1).size() == 1);
  for (std::int32_t partition : {1, 0, 1, 0}) {
    record_batch batch;
    do {
      CHECK(reader->read(batch, {}).has_value());
    } while (!batch.items.empty());
    const int before = calls;
    CHECK(append_values(fixture, *log, {0, partition}, {R"("news")"}).status == append_status::acknowledged);
    CHECK(fixture.run_until([&] { return calls > before; }));
    const auto found = read_records(fixture, *reader, 1);
    REQUIRE(found.size() == 1);
    CHECK(found.front().at.partition == partition);
  }
}

void a_paused_partition_is_not_read_until_it_is_resumed(log_fixture& fixture) {
  const auto log = fixture.make(1, 2);
  fill(fixture, *log, first_partition, 3);
  fill(fixture, *log, {0, 1}, 3);
  std::atomic<int> calls = 0;
  const auto reader = log->open_reader({{first_partition, offset_t{1}}, {{0, 1}, offset_t{0}}}, [&] { ++calls; });
  reader->pause(first_partition);
  for (const auto& each : read_records(fixture, *reader, 3)) CHECK(each.at.partition == 1);
  record_batch batch;
  CHECK(reader->read(batch, {}).has_value());
  CHECK(batch.items.empty());
  const int before = calls;
  reader->resume(first_partition);
  CHECK(fixture.run_until([&] { return calls > before; }));
  const auto found = read_records(fixture, *reader, 2);
  CHECK(values_of(found) == std::vector<std::string>{R"({"n":1})", R"({"n":2})"});
}

void a_reader_can_seek_back_and_forth(log_fixture& fixture) {
  const auto log = fixture.make(1, 1);
  fill(fixture, *log, first_partition, 6);
  const auto reader = log->open_reader({{first_partition, offset_t{0}}}, nobody());
  CHECK(read_records(fixture, *reader, 6).size() == 6);
  reader->seek(first_partition, offset_t{1});
  CHECK(values_of(read_records(fixture, *reader, 1, {.records = 1})) == std::vector<std::string>{R"({"n":1})"});
  reader->seek(first_partition, offset_t{5});
  CHECK(values_of(read_records(fixture, *reader, 1)) == std::vector<std::string>{R"({"n":5})"});
  reader->seek(first_partition, offset_t{0});
  CHECK(read_records(fixture, *reader, 6).size() == 6);
}

void limits_are_soft_for_one_record_only(log_fixture& fixture) {
  const auto log = fixture.make(1, 1);
  std::vector<std::string> values;
  values.reserve(6);
  for (int n = 0; n < 6; ++n) values.push_back("\"" + std::string(200'000, static_cast<char>('a' + n)) + "\"");
  for (const auto& value : values) {
    CHECK(append_values(fixture, *log, first_partition, {value}).status == append_status::acknowledged);
  }
  const auto one_by_one = log->open_reader({{first_partition, offset_t{0}}}, nobody());
  CHECK(values_of(read_records(fixture, *one_by_one, 6, {.records = 100, .bytes = 1})) == values);
  const auto at_once = log->open_reader({{first_partition, offset_t{0}}}, nobody());
  CHECK(values_of(read_records(fixture, *at_once, 6)) == values);
}

void every_field_comes_back_as_it_was(log_fixture& fixture) {
  const auto log = fixture.make(2, 2);
  const partition_id at{1, 1};
  const auto records = one_of_each_kind();
  REQUIRE(append_now(fixture, *log, at, records).status == append_status::acknowledged);
  const auto reader = log->open_reader({{at, offset_t{0}}}, nobody());
  const auto found = read_records(fixture, *reader, records.size());
  REQUIRE(found.size() == records.size());
  for (std::size_t n = 0; n < records.size(); ++n) {
    record expected = records[n];
    expected.offset = offset_t{static_cast<std::int64_t>(n)};
    if (expected.kind == record_kind::claim) expected.epoch.offset = expected.offset;
    CHECK(found[n].text() == kept_record(at, expected).text());
  }
}

void an_append_is_encoded_before_it_returns(log_fixture& fixture) {
  const auto log = fixture.make(1, 1);
  std::string value = R"("before")";
  bool done = false;
  {
    std::vector<record> records{sample_event(value)};
    log->append(first_partition, records, [&](const append_result&) { done = true; });
    value = R"("after!")";
  }
  REQUIRE(fixture.run_until([&] { return done; }));
  const auto reader = log->open_reader({{first_partition, offset_t{0}}}, nobody());
  CHECK(values_of(read_records(fixture, *reader, 1)) == std::vector<std::string>{R"("before")"});
}

void an_oversized_append_is_refused_and_leaves_nothing(log_fixture& fixture) {
  const auto log = fixture.make(1, 1);
  fill(fixture, *log, first_partition, 1);
  const auto refused =
      append_values(fixture, *log, first_partition, {"\"" + std::string(fixture.value_bytes_too_large(), 'x') + "\""});
  CHECK(refused.status == append_status::refused);
  CHECK(refused.error.kind == error_kind::too_large);
  CHECK_FALSE(refused.error.text.empty());
  const auto next_one = append_values(fixture, *log, first_partition, {R"("next")"});
  CHECK(next_one.status == append_status::acknowledged);
  CHECK(raw(next_one.first) == 1);
  CHECK(log->health().writable);
}

void fetch_gives_exactly_the_records_asked_for(log_fixture& fixture) {
  const auto log = fixture.make(1, 2);
  fill(fixture, *log, {0, 1}, 8);
  for (const auto& [first, last] : {std::pair{0, 0}, {3, 3}, {2, 6}, {0, 7}, {7, 7}}) {
    std::vector<std::string> found;
    bool done = false;
    log->fetch({0, 1}, offset_t{first}, offset_t{last}, [&](result<record_batch> fetched) {
      REQUIRE_MESSAGE(fetched.has_value(), (fetched ? "" : fetched.error().text));
      for (const auto& item : fetched->items) {
        CHECK(item.topic == 0);
        CHECK(item.partition == 1);
        found.emplace_back(item.record.value);
      }
      done = true;
    });
    REQUIRE(fixture.run_until([&] { return done; }));
    std::vector<std::string> expected;
    for (int n = first; n <= last; ++n) expected.push_back(fmt::format(R"({{"n":{}}})", n));
    CHECK(found == expected);
  }
}

void an_acknowledged_record_is_there_after_reopening(log_fixture& fixture) {
  auto log = fixture.make(2, 2);
  fill(fixture, *log, {1, 0}, 20);
  fill(fixture, *log, {0, 1}, 3);
  const auto topics = log->topics();
  log->close();
  log.reset();
  log = fixture.reopen();
  CHECK(log->topics() == topics);
  CHECK(log->partitions() == 2);
  CHECK(log->query_end_offset({1, 0}) == result<offset_t>(offset_t{20}));
  CHECK(log->query_end_offset({0, 1}) == result<offset_t>(offset_t{3}));
  CHECK(raw(append_values(fixture, *log, {0, 1}, {R"("more")"}).first) == 3);
  const auto reader = log->open_reader({{{1, 0}, offset_t{0}}, {{0, 1}, offset_t{0}}}, nobody());
  CHECK(read_records(fixture, *reader, 24).size() == 24);
}

void an_append_in_doubt_is_there_once_or_never(log_fixture& fixture) {
  const auto log = fixture.make(1, 1);
  fill(fixture, *log, first_partition, 1);
  if (!fixture.doubt_next_append(*log)) {
    MESSAGE("left out: this log cannot be brought to leave an append in doubt");
    return;
  }
  const auto doubtful = append_values(fixture, *log, first_partition, {R"("perhaps")"});
  CHECK(doubtful.status == append_status::unknown);
  CHECK_FALSE(doubtful.error.text.empty());
  append_result certain;
  REQUIRE(fixture.run_until([&] {
    certain = append_values(fixture, *log, first_partition, {R"("certain")"});
    return certain.status != append_status::refused;
  }));
  REQUIRE(certain.status == append_status::acknowledged);
  const auto reader = log->open_reader({{first_partition, offset_t{0}}}, nobody());
  const auto found = values_of(read_records(fixture, *reader, static_cast<std::size_t>(raw(certain.first)) + 1));
  REQUIRE(found.size() == static_cast<std::size_t>(raw(certain.first)) + 1);
  CHECK(found.back() == R"("certain")");
  CHECK(std::ranges::count(found, R"("perhaps")") <= 1);
}

void close_answers_every_append_and_calls_nobody_afterwards(log_fixture& fixture) {
  auto log = fixture.make(1, 1);
  constexpr std::size_t appends = 50;
  std::atomic<std::size_t> answered = 0;
  const auto event = sample_event(R"("x")");
  for (std::size_t n = 0; n < appends; ++n) {
    log->append(first_partition, std::span(&event, 1), [&](const append_result& r) {
      CHECK(r.status != append_status::refused);
      ++answered;
    });
  }
  log->close();
  CHECK(answered == appends);
  log.reset();
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  (void)fixture.run_until([&] { return std::chrono::steady_clock::now() > later; });
  CHECK(answered == appends);
}

struct sentence {
  const char* text;
  void (*holds)(log_fixture&);
};

constexpr sentence sentences[] = {
    {"a new log is empty", a_new_log_is_empty},
    {"appends take dense offsets in their order", appends_take_dense_offsets_in_their_order},
    {"a reader mixes partitions and keeps the order of each", a_reader_mixes_partitions_and_keeps_the_order_of_each},
    {"a reader starts at any offset", a_reader_starts_at_any_offset},
    {"a reader beyond the end waits there", a_reader_beyond_the_end_waits_there},
    {"a reader at the end is called when there is more", a_reader_at_the_end_is_called_when_there_is_more<false>},
    {"a reader that gathers is called when there is more", a_reader_at_the_end_is_called_when_there_is_more<true>},
    {"a paused partition is not read until it is resumed", a_paused_partition_is_not_read_until_it_is_resumed},
    {"a reader can seek back and forth", a_reader_can_seek_back_and_forth},
    {"limits are soft for one record only", limits_are_soft_for_one_record_only},
    {"every field comes back as it was", every_field_comes_back_as_it_was},
    {"an append is encoded before it returns", an_append_is_encoded_before_it_returns},
    {"an oversized append is refused and leaves nothing", an_oversized_append_is_refused_and_leaves_nothing},
    {"fetch gives exactly the records asked for", fetch_gives_exactly_the_records_asked_for},
    {"an acknowledged record is there after reopening", an_acknowledged_record_is_there_after_reopening},
    {"an append in doubt is there once or never", an_append_in_doubt_is_there_once_or_never},
    {"close answers every append and calls nobody afterwards", close_answers_every_append_and_calls_nobody_afterwards},
};

}  // namespace

void keep_the_log_contract(log_fixture& fixture) {
  for (const auto& [text, holds] : sentences) {
    SUBCASE(text) { holds(fixture); }
  }
}

}  // namespace foldlog::test
