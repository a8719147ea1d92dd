#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/store/store.h"
#include "core/store/summed_row.h"

// What only a store on a disk can promise: folders, locks, crashes, readers beside a writer.
using namespace foldlog;

namespace {

struct folder {
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "foldlog-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] store_options options() const {
    store_options made;
    made.folder = path / "views";
    return made;
  }
  std::filesystem::path path;
};

void put(store& into, const std::string& key, const std::string& value) {
  const auto batch = into.make_batch();
  batch->put(key, value);
  REQUIRE(into.write(*batch));
}

// Runs it in a process of its own that then ends as if it were killed.
void in_a_process_that_dies(const std::function<void()>& work) {
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work();
    _exit(7);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 7);
}

void write_and_die(const store_options& options) {
  in_a_process_that_dies([&] {
    auto opened = open_store(options);
    if (!opened) _exit(1);
    for (int i = 0; i < 1000; ++i) {
      const auto batch = (*opened)->make_batch();
      batch->put("a", std::to_string(i));
      batch->put("b", std::to_string(i));
      batch->add("sum", summed_row{{"{\"n\":", "}"}, {1}}.encode());
      if (!(*opened)->write(*batch)) _exit(1);
    }
    std::ignore = opened->release();
  });
}

}  // namespace

TEST_CASE("what was written is there after closing and opening, with and without a write-ahead log") {
  for (const bool log : {true, false}) {
    const folder here;
    auto options = here.options();
    options.write_ahead_log = log;
    put(**open_store(options), "a", "1");
    CHECK((*open_store(options))->get("a").value() == "1");
  }
}

TEST_CASE("a bulk load is there after closing and opening") {
  const folder here;
  auto options = here.options();
  options.bulk_load = true;
  {
    const auto loading = std::move(open_store(options).value());
    for (int i = 0; i < 2000; ++i) put(*loading, std::to_string(i), "x");
    REQUIRE(loading->flush());
  }
  const auto rows = std::move(open_store(here.options()).value());
  CHECK(rows->get("1999").value() == "x");
  CHECK(rows->get("0").value() == "x");
}

TEST_CASE("with the write-ahead log the death of the process loses nothing") {
  const folder here;
  write_and_die(here.options());
  const auto rows = std::move(open_store(here.options()).value());
  CHECK(rows->get("a").value() == "999");
  CHECK(rows->get("b").value() == "999");
  CHECK(summed_row::decode(rows->get("sum").value().value())->numbers[0] == 1000);
}

TEST_CASE("without it the death of the process leaves an older state, never a torn one") {
  const folder here;
  auto options = here.options();
  options.write_ahead_log = false;
  put(**open_store(options), "a", "old");
  write_and_die(options);
  const auto rows = std::move(open_store(options).value());
  CHECK(rows->get("a").value() == "old");
  CHECK(rows->get("b").value() == std::nullopt);
}

TEST_CASE("a cut write-ahead log leaves a prefix of the writes, whole batches only") {
  const folder here;
  write_and_die(here.options());
  for (const auto& entry : std::filesystem::directory_iterator(here.options().folder)) {
    if (entry.path().extension() == ".log") std::filesystem::resize_file(entry.path(), entry.file_size() * 2 / 3);
  }
  const auto rows = std::move(open_store(here.options()).value());
  const auto a = rows->get("a").value().value();
  CHECK(std::stoi(a) < 999);
  CHECK(std::stoi(a) > 100);
  CHECK(rows->get("b").value() == a);
  CHECK(summed_row::decode(rows->get("sum").value().value())->numbers[0] == std::stoi(a) + 1);
}

TEST_CASE("a folder that is open already is a conflict that names it") {
  const folder here;
  const auto first = std::move(open_store(here.options()).value());
  const auto second = open_store(here.options());
  REQUIRE(!second);
  CHECK(second.error().kind == error_kind::conflict);
  CHECK(second.error().text.find(here.options().folder.string()) != std::string::npos);
}

TEST_CASE("a folder that cannot be made is unavailable; a store that is not there is not found by a reader") {
  const folder here;
  std::ofstream(here.path / "views") << "a file";
  CHECK(open_store(here.options()).error().kind == error_kind::unavailable);
  auto options = here.options();
  options.folder = here.path / "nothing";
  options.read_only = true;
  CHECK(open_store(options).error().kind == error_kind::not_found);
}

TEST_CASE("damaged files are told as damage") {
  const folder here;
  put(**open_store(here.options()), "a", "1");
  for (const auto& entry : std::filesystem::directory_iterator(here.options().folder)) {
    if (entry.path().filename().string().starts_with("MANIFEST"))
      std::ofstream(entry.path()) << "not a manifest at all, no";
  }
  const auto opened = open_store(here.options());
  REQUIRE(!opened);
  CHECK(opened.error().kind == error_kind::damaged);
}

TEST_CASE("a flipped bit in a table is told as damage when it is read") {
  const folder here;
  auto options = here.options();
  options.bulk_load = true;
  {
    const auto loading = std::move(open_store(options).value());
    for (int i = 0; i < 500; ++i)
      put(*loading, "key" + std::to_string(i), std::string(100, static_cast<char>('a' + i % 26)));
    REQUIRE(loading->flush());
  }
  for (const auto& entry : std::filesystem::directory_iterator(here.options().folder)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(200);
    const char byte = static_cast<char>(file.get());
    file.seekp(200);
    file.put(static_cast<char>(byte ^ 1));
  }
  const auto rows = open_store(here.options());
  bool told = !rows;
  if (rows) {
    const auto at = (*rows)->snapshot()->iterate("");
    for (at->seek(""); at->valid(); at->next()) {
    }
    told = !at->status() && at->status().error().kind == error_kind::damaged;
  }
  CHECK(told);
}

TEST_CASE("a reader beside a writer sees a consistent state, and leaves nothing behind") {
  const folder here;
  auto writing = here.options();
  writing.write_buffer_bytes = 64U << 10;  // many files come and go
  const auto rows = std::move(open_store(writing).value());
  put(*rows, "a", "0");
  put(*rows, "b", "0");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 1; !stop; ++i) {
      const auto batch = rows->make_batch();
      batch->put("a", std::to_string(i));
      batch->put("filler" + std::to_string(i % 2000), std::string(500, 'x'));
      batch->put("b", std::to_string(i));
      if (!rows->write(*batch)) break;
    }
  });
  auto reading = here.options();
  reading.read_only = true;
  for (int i = 0; i < 15; ++i) {
    auto beside = open_store(reading);
    REQUIRE_MESSAGE(beside, beside.error().text);
    const auto snapshot = (*beside)->snapshot();
    CHECK(snapshot->get("a").value() == snapshot->get("b").value());
    CHECK(snapshot->get("a").value().has_value());
    const auto at = snapshot->iterate("");
    for (at->seek(""); at->valid(); at->next()) {
    }
    CHECK(at->status());
  }
  stop = true;
  writer.join();
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
    CHECK(!entry.path().filename().string().starts_with("foldlog-read-" + std::to_string(getpid())));
  }
}

TEST_CASE("a reader needs no writer, and cannot write") {
  const folder here;
  write_and_die(here.options());
  auto reading = here.options();
  reading.read_only = true;
  const auto rows = std::move(open_store(reading).value());
  CHECK(rows->get("a").value() == "999");
  CHECK(summed_row::decode(rows->get("sum").value().value())->numbers[0] == 1000);
  const auto batch = rows->make_batch();
  batch->put("a", "1");
  CHECK(!rows->write(*batch));
}

TEST_CASE("rows that are expired go when files are merged, others stay") {
  const folder here;
  auto options = here.options();
  options.write_buffer_bytes = 64U << 10;
  options.expiring_prefix = "k";
  options.expired = [](std::string_view, std::string_view value) { return value.starts_with("old"); };
  const auto rows = std::move(open_store(options).value());
  put(*rows, "k1", "old");
  put(*rows, "k2", "new");
  put(*rows, "z1", "old");
  bool gone = false;
  for (int round = 0; round < 400 && !gone; ++round) {
    for (int i = 0; i < 400; ++i) put(*rows, "k" + std::to_string(i % 50 + 10), std::string(400, 'x'));
    gone = !rows->get("k1").value();
  }
  CHECK(gone);
  CHECK(rows->get("k2").value() == "new");
  CHECK(rows->get("z1").value() == "old");
}
