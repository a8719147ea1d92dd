#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/store/store.h"
#include "core/store/summed_row.h"

using namespace foldlog;

namespace {

/// A file system in memory, mounted for the length of a test.
class small_disk {
 public:
  explicit small_disk(const std::string& size) {
    auto name = (std::filesystem::temp_directory_path() / "foldlog-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
    mounted_ = ::mount("foldlog-test", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~small_disk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    std::filesystem::remove_all(path_);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a full disk is unavailable; reads go on, and so do writes once there is room, none lost and none twice") {
  const small_disk disk("24m");
  if (!disk.mounted()) {
    MESSAGE("not run: mounting needs privileges that are not there");
    return;
  }
  const auto ballast = disk.path() / "ballast";
  store_options options;
  options.folder = disk.path() / "views";
  options.write_buffer_bytes = 1U << 20;
  std::int64_t written = 0;
  {
    const auto rows = std::move(open_store(options).value());
    const auto batch = rows->make_batch();
    const auto write = [&] {
      batch->clear();
      batch->put("row" + std::to_string(written % 20), std::string(20000, static_cast<char>('a' + written % 26)));
      batch->add("sum", summed_row{{"{\"n\":", "}"}, {1}}.encode());
      return rows->write(*batch);
    };
    for (int i = 0; i < 5; ++i) {
      REQUIRE(write());
      ++written;
    }
    {
      std::ofstream file(ballast, std::ios::binary);
      const std::string block(1U << 16, 'x');
      while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
    result<void> failed;
    for (int i = 0; i < 2000 && failed; ++i) {
      failed = write();
      if (failed) ++written;
    }
    REQUIRE(!failed);
    CHECK(failed.error().kind == error_kind::unavailable);
    CHECK(rows->get("row0").value().has_value());
    CHECK(!rows->write(*batch));  // the same batch again: still no room

    std::filesystem::remove(ballast);
    auto again = rows->write(*batch);
    for (int i = 0; i < 300 && !again; ++i) {  // RocksDB looks for room every 5 s
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      again = rows->write(*batch);
    }
    REQUIRE_MESSAGE(again, again.error().text);
    ++written;
    for (int i = 0; i < 100; ++i) {
      REQUIRE(write());
      ++written;
    }
    CHECK(summed_row::decode(rows->get("sum").value().value())->numbers[0] == written);
  }
  const auto rows = std::move(open_store(options).value());
  CHECK(summed_row::decode(rows->get("sum").value().value())->numbers[0] == written);
}

namespace {

/// No file of this process grows beyond the limit, for the length of a test.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    auto limited = before_;
    limited.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~file_size_limit() { lift(); }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;
  void lift() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a write-ahead log that takes no more is left behind: reads go on, and writes once nobody holds a snapshot") {
  auto name = (std::filesystem::temp_directory_path() / "foldlog-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  store_options options;
  options.folder = std::filesystem::path(name) / "views";
  std::int64_t written = 0;
  {
    const auto rows = std::move(open_store(options).value());
    const auto batch = rows->make_batch();
    const auto write = [&] {
      batch->clear();
      batch->put("row" + std::to_string(written % 20), std::string(20000, static_cast<char>('a' + written % 26)));
      batch->add("sum", summed_row{{"{\"n\":", "}"}, {1}}.encode());
      return rows->write(*batch);
    };
    file_size_limit limit(1U << 20);
    result<void> failed;
    for (int i = 0; i < 200 && failed; ++i) {
      failed = write();
      if (failed) ++written;
    }
    REQUIRE(!failed);
    CHECK(failed.error().kind == error_kind::unavailable);
    CHECK(written > 20);
    CHECK(rows->get("row0").value().has_value());
    limit.lift();
    auto snapshot = rows->snapshot();
    CHECK(rows->write(*batch).error().kind == error_kind::unavailable);
    CHECK(summed_row::decode(snapshot->get("sum").value().value())->numbers[0] == written);
    snapshot.reset();
    REQUIRE(rows->write(*batch));
    ++written;
    for (int i = 0; i < 50; ++i) {
      REQUIRE(write());
      ++written;
    }
    CHECK(summed_row::decode(rows->get("sum").value().value())->numbers[0] == written);
  }
  {
    const auto rows = std::move(open_store(options).value());
    CHECK(summed_row::decode(rows->get("sum").value().value())->numbers[0] == written);
  }
  std::filesystem::remove_all(name);
}
