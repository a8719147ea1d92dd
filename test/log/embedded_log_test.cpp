#include "core/log/embedded_log.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "test/log/embedded_fixture.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

constexpr partition_id at{0, 0};
using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a second opener is told who has the log") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  const auto second = fixture.open();
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().kind == error_kind::conflict);
  CHECK(second.error().text.find(fixture.options.data.string()) != std::string::npos);
  CHECK(second.error().text.find("another foldlog serves it") != std::string::npos);
  CHECK(fixture.append(*log, at, "1").status == append_status::acknowledged);
}

TEST_CASE("a second process is told so too") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = fixture.open();
    ::_exit(!second && second.error().kind == error_kind::conflict ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("another partition count is refused with both numbers") {
  embedded_fixture fixture;
  fixture.make(1, 3).reset();
  fixture.options.partitions = 4;
  const auto other = fixture.open();
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().kind == error_kind::conflict);
  CHECK(other.error().text.find(" 3 ") != std::string::npos);
  CHECK(other.error().text.find(" 4 ") != std::string::npos);
  fixture.options.partitions = 0;
  CHECK(fixture.reopen()->partitions() == 3);
}

TEST_CASE("a log that is not there is made only when that was asked for") {
  embedded_fixture fixture;
  const scratch_folder folder;
  fixture.options.data = folder.path() / "deep" / "er";
  fixture.options.topics = {"bank.account"};
  fixture.options.create = false;
  CHECK(fixture.open().error().kind == error_kind::not_found);
  CHECK_FALSE(std::filesystem::exists(fixture.options.data));
  fixture.options.read_only = true;
  fixture.options.create = true;
  CHECK(fixture.open().error().kind == error_kind::not_found);
  fixture.options.read_only = false;
  fixture.options.partitions = 0;
  CHECK(fixture.open().error().kind == error_kind::invalid);
  fixture.options.partitions = 2;
  CHECK(fixture.open().has_value());
}

TEST_CASE("a folder that cannot be written is unavailable and named") {
  embedded_fixture fixture;
  fixture.options.data = "/proc/foldlog";
  const auto log = fixture.open();
  REQUIRE_FALSE(log.has_value());
  CHECK(log.error().kind == error_kind::unavailable);
  CHECK(log.error().text.find("/proc/foldlog") != std::string::npos);
}

TEST_CASE("topics keep their records when others come and their order changes") {
  embedded_fixture fixture;
  auto log = fixture.make(2, 2);
  CHECK(fixture.append(*log, {0, 1}, "of 0").status == append_status::acknowledged);
  CHECK(fixture.append(*log, {1, 1}, "of 1").status == append_status::acknowledged);
  log.reset();
  fixture.options.topics = {"bank.new", "bank.category1", "bank.category0"};
  log = fixture.reopen();
  CHECK(log->topics() == fixture.options.topics);
  CHECK(fixture.append(*log, {0, 1}, "of new").status == append_status::acknowledged);
  CHECK(fixture.values(*log, {0, 1}) == strings{"of new"});
  CHECK(fixture.values(*log, {1, 1}) == strings{"of 1"});
  CHECK(fixture.values(*log, {2, 1}) == strings{"of 0"});
  log.reset();
  fixture.options.topics = {};
  log = fixture.reopen();
  CHECK(log->topics() == strings{"bank.category0", "bank.category1", "bank.new"});
  CHECK(fixture.values(*log, {2, 1}) == strings{"of new"});
}

TEST_CASE("a read-only log follows records of any size, block by block") {
  embedded_fixture fixture;
  const auto server = fixture.make(1, 1);
  embedded_fixture beside;
  beside.options = fixture.options;
  beside.options.read_only = true;
  const auto reading = beside.reopen();
  std::mt19937 random(11);
  std::vector<std::size_t> sizes;
  for (int n = 0; n < 300; ++n) {
    const int most = std::uniform_int_distribution<int>(4, 17)(random);
    sizes.push_back(std::uniform_int_distribution<std::size_t>(1, std::size_t{1} << most)(random));
    const std::string value(sizes.back(), static_cast<char>('a' + n % 26));
    CHECK(fixture.append(*server, at, value).status == append_status::acknowledged);
    const auto end = reading->query_end_offset(at);
    REQUIRE(end.has_value());
    CHECK(raw(*end) == n + 1);
  }
  const auto found = beside.values(*reading, at);
  REQUIRE(found.size() == sizes.size());
  for (std::size_t n = 0; n < sizes.size(); ++n) CHECK(found[n].size() == sizes[n]);
}

TEST_CASE("a read-only log reads beside the server and follows it") {
  embedded_fixture fixture;
  const auto server = fixture.make(2, 2);
  for (int n = 0; n < 10; ++n) (void)fixture.append(*server, at, std::to_string(n));
  embedded_fixture beside;
  beside.options = fixture.options;
  beside.options.read_only = true;
  beside.options.partitions = 0;
  const auto reading = beside.reopen();
  CHECK(reading->partitions() == 2);
  CHECK(beside.values(*reading, at).size() == 10);

  std::atomic<int> calls = 0;
  const auto reader = reading->open_reader({{at, offset_t{10}}}, [&] { ++calls; });
  record_batch batch;
  CHECK(reader->read(batch, {}).has_value());
  CHECK(batch.items.empty());
  CHECK(fixture.append(*server, at, "news").status == append_status::acknowledged);
  CHECK(beside.run_until([&] { return calls > 0; }));
  CHECK(read_records(beside, *reader, 1).front().texts[2] == "news");
  CHECK(reading->query_end_offset(at) == result<offset_t>(offset_t{11}));

  const auto refused = beside.append(*reading, at, "mine");
  CHECK(refused.status == append_status::refused);
  CHECK(raw(fixture.append(*server, at, "still writable").first) == 11);
}

TEST_CASE("a read-only log reads what no server has open, and leaves nothing behind") {
  embedded_fixture fixture;
  auto server = fixture.make(1, 1);
  for (int n = 0; n < 10; ++n) (void)fixture.append(*server, at, std::to_string(n));
  server.reset();
  const auto list = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
      const auto name = entry.path().filename().string();
      if (name.starts_with(fmt::format("foldlog-reader-{}-", ::getpid()))) names.push_back(name);
    }
    return names.size();
  };
  fixture.options.read_only = true;
  auto reading = fixture.reopen();
  CHECK(list() == 1);
  CHECK(fixture.values(*reading, at).size() == 10);
  reading.reset();
  CHECK(list() == 0);
  fixture.options.read_only = false;
  CHECK(raw(fixture.append(*fixture.reopen(), at, "next").first) == 10);
}

TEST_CASE("a read-only log survives that the server writes tables and restarts meanwhile") {
  embedded_fixture fixture;
  auto server = fixture.make(1, 1);
  embedded_fixture beside;
  beside.options = fixture.options;
  beside.options.read_only = true;
  const auto reading = beside.reopen();
  std::size_t expected = 0;
  for (int round = 0; round < 5; ++round) {
    const std::string big = "\"" + std::string(500'000, static_cast<char>('a' + round)) + "\"";
    for (int n = 0; n < 4; ++n, ++expected) {
      CHECK(fixture.append(*server, at, big).status == append_status::acknowledged);
    }
    CHECK(beside.values(*reading, at).size() == expected);
    server.reset();
    server = fixture.reopen();  // its write-ahead log becomes a table, the old files vanish
    CHECK(beside.values(*reading, at).size() == expected);
  }
}

TEST_CASE("many threads append to their partitions and every offset is given once") {
  embedded_fixture fixture;
  const auto log = fixture.make(2, 4);
  constexpr int appends = 500;
  std::atomic<int> done = 0;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t topic = 0; topic < 2; ++topic) {
      for (std::int32_t partition = 0; partition < 4; ++partition) {
        threads.emplace_back([&, topic, partition] {
          for (int n = 0; n < appends; ++n) {
            const auto value = std::to_string(n);
            const auto event = sample_event(value);
            log->append({topic, partition}, std::span(&event, 1), [&, n](const append_result& r) {
              if (r.status != append_status::acknowledged || raw(r.first) != n) ++wrong;
              ++done;
            });
          }
        });
      }
    }
  }
  REQUIRE(fixture.run_until([&] { return done == appends * 8; }));
  CHECK(wrong == 0);
  for (std::int32_t partition = 0; partition < 4; ++partition) {
    const auto found = fixture.values(*log, {1, partition});
    REQUIRE(found.size() == appends);
    for (int n = 0; n < appends; ++n) CHECK(found[static_cast<std::size_t>(n)] == std::to_string(n));
  }
}

TEST_CASE("a reader sees only what is acknowledged or certain, while others append") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> seen = 0;
  std::atomic<bool> gap = false;
  std::jthread follower([&] {
    std::atomic<bool> ready = false;
    const auto reader = log->open_reader({{at, offset_t{0}}}, [&] { ready = true; });
    record_batch batch;
    while (!stop || seen < 3000) {
      ready = false;
      if (!reader->read(batch, {.records = 10})) gap = true;
      for (const auto& item : batch.items) {
        if (raw(item.record.offset) != seen || item.record.offset >= *log->end_offset(at)) gap = true;
        ++seen;
      }
      while (batch.items.empty() && !ready && !stop) std::this_thread::yield();
    }
  });
  int done = 0;
  for (int n = 0; n < 3000; ++n) {
    const auto event = sample_event("1");
    log->append(at, std::span(&event, 1), [&](const append_result&) { ++done; });
  }
  CHECK(fixture.run_until([&] { return done == 3000 && seen == 3000; }));
  stop = true;
  follower.join();
  CHECK_FALSE(gap);
}

TEST_CASE("the probe is told of every group") {
  embedded_fixture fixture;
  std::atomic<std::size_t> records = 0;
  std::atomic<std::size_t> appends = 0;
  fixture.options.probe.committed = [&](std::size_t r, std::size_t a, double seconds) {
    records += r;
    appends += a;
    CHECK(seconds > 0);
  };
  const auto log = fixture.make(1, 1);
  const std::vector<record> three(3, sample_event("1"));
  for (int n = 0; n < 10; ++n) CHECK(append_now(fixture, *log, at, three).status == append_status::acknowledged);
  log->close();
  CHECK(appends == 10);
  CHECK(records == 30);
}
