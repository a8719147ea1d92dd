#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "test/log/embedded_fixture.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

constexpr partition_id at{0, 0};
using strings = std::vector<std::string>;

/// Stands between RocksDB and the kernel.
struct sync_gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;
  int waiting = 0;
  std::atomic<int> calls = 0;
  std::atomic<int> failures = 0;  ///< so many calls fail from now on

  int pass(int file) {
    ++calls;
    {
      std::unique_lock lock(mutex);
      ++waiting;
      changed.notify_all();
      changed.wait(lock, [this] { return !closed; });
      --waiting;
    }
    if (failures > 0) {
      --failures;
      errno = EIO;
      return -1;
    }
    return static_cast<int>(::syscall(SYS_fdatasync, file));
  }
  void close() {
    const std::scoped_lock lock(mutex);
    closed = true;
  }
  void open() {
    {
      const std::scoped_lock lock(mutex);
      closed = false;
    }
    changed.notify_all();
  }
  bool somebody_waits() {
    const std::scoped_lock lock(mutex);
    return waiting > 0;
  }
};

sync_gate gate;

}  // namespace

/// RocksDB's write-ahead log is synced by this function: the program's own comes before the C library's.
extern "C" int fdatasync(int file) { return gate.pass(file); }

TEST_CASE("an append is acknowledged after a sync of its own, and a group needs only one") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  for (int n = 0; n < 20; ++n) {
    const int before = gate.calls;
    CHECK(fixture.append(*log, at, "1").status == append_status::acknowledged);
    CHECK(gate.calls > before);
  }
  gate.close();
  std::size_t done = 0;
  const auto event = sample_event("1");
  const auto count = [&](const append_result&) { ++done; };
  log->append(at, std::span(&event, 1), count);
  CHECK(fixture.run_until([] { return gate.somebody_waits(); }));
  const int before = gate.calls;
  for (int n = 0; n < 500; ++n) log->append(at, std::span(&event, 1), count);
  gate.open();
  CHECK(fixture.run_until([&] { return done == 501; }));
  CHECK(gate.calls == before + 1);
}

TEST_CASE("what is not synced yet is neither acknowledged nor read") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  CHECK(fixture.append(*log, at, "synced").status == append_status::acknowledged);
  std::atomic<int> calls = 0;
  const auto reader = log->open_reader({{at, offset_t{0}}}, [&] { ++calls; });
  CHECK(read_records(fixture, *reader, 1).size() == 1);
  record_batch batch;
  CHECK(reader->read(batch, {}).has_value());

  gate.close();
  bool done = false;
  const auto event = sample_event("not yet");
  log->append(at, std::span(&event, 1), [&](const append_result&) { done = true; });
  CHECK(fixture.run_until([] { return gate.somebody_waits(); }));
  CHECK(reader->read(batch, {}).has_value());
  CHECK(batch.items.empty());
  CHECK(log->query_end_offset(at) == result<offset_t>(offset_t{1}));
  CHECK_FALSE(done);
  CHECK(calls == 0);
  gate.open();
  CHECK(fixture.run_until([&] { return done && calls == 1; }));
  CHECK(fixture.values(*log, at) == strings{"synced", "not yet"});
}

TEST_CASE("a failed sync leaves the append unknown, and the log goes on") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  CHECK(fixture.append(*log, at, "1").status == append_status::acknowledged);
  gate.failures = 1;
  const auto doubtful = fixture.append(*log, at, "perhaps");
  CHECK(doubtful.status == append_status::unknown);
  CHECK(doubtful.error.kind == error_kind::unknown);
  CHECK_FALSE(log->health().writable);
  CHECK(fixture.run_until([&] { return log->health().writable; }));
  CHECK(fixture.append(*log, at, "2").status == append_status::acknowledged);
  const auto found = fixture.values(*log, at);
  CHECK((found == strings{"1", "2"} || found == strings{"1", "perhaps", "2"}));
}

TEST_CASE("a reader in the midst of a partition goes on after the log has recovered, and ends quietly with it") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  for (int n = 0; n < 10; ++n) (void)fixture.append(*log, at, std::to_string(n));
  const auto reader = log->open_reader({{at, offset_t{0}}}, [] {});
  CHECK(read_records(fixture, *reader, 3, {.records = 3}).size() == 3);
  gate.failures = 1;
  CHECK(fixture.append(*log, at, "perhaps").status == append_status::unknown);
  CHECK(fixture.run_until([&] { return log->health().writable; }));
  const auto found = read_records(fixture, *reader, 6, {.records = 6});
  REQUIRE(found.size() == 6);
  for (int n = 0; n < 6; ++n) CHECK(raw(found[static_cast<std::size_t>(n)].fields.offset) == n + 3);

  log->close();
  record_batch batch;
  const auto closed = reader->read(batch, {});
  REQUIRE_FALSE(closed.has_value());
  CHECK(closed.error().kind == error_kind::unavailable);
}
