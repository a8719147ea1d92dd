#include "core/log/embedded_log_files.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include "core/log/write_ahead_log.h"
#include "test/log/embedded_fixture.h"
#include "test/log/write_ahead_fragments.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

/// Fragments of all sizes, block by block, and where each ends.
struct written_log {
  std::string bytes;
  std::vector<std::size_t> ends;
};

written_log make_log(std::size_t fragments) {
  std::mt19937 random(3);
  written_log made;
  for (std::size_t n = 0; n < fragments; ++n) {
    const auto left = write_ahead::block_size - made.bytes.size() % write_ahead::block_size;
    if (left < 7) made.bytes.append(left, '\0');
    const auto room = write_ahead::block_size - made.bytes.size() % write_ahead::block_size - 7;
    const auto most = std::min(room, std::size_t{1} << std::uniform_int_distribution<int>(2, 15)(random));
    const std::string payload(std::uniform_int_distribution<std::size_t>(0, most)(random),
                              static_cast<char>('a' + n % 26));
    made.bytes += fragment(whole_record, payload);
    made.ends.push_back(made.bytes.size());
  }
  // The last block is not left with room for less than a header: what is there then is read as the end of the block.
  if (write_ahead::block_size - made.bytes.size() % write_ahead::block_size < 7) return make_log(fragments - 1);
  return made;
}

std::string read_once(rocksdb::FSSequentialFile& file) {
  std::string buffer(write_ahead::block_size, '\0');
  rocksdb::Slice piece;
  const auto read = file.Read(buffer.size(), {}, &piece, buffer.data(), nullptr);
  REQUIRE_MESSAGE(read.ok(), read.ToString());
  return piece.ToString();
}

std::string read_all(rocksdb::FSSequentialFile& file) {
  std::string found;
  for (auto piece = read_once(file); !piece.empty(); piece = read_once(file)) found += piece;
  return found;
}

/// Does something after each look into a file.
class watched_files final : public rocksdb::FileSystemWrapper {
 public:
  watched_files() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  [[nodiscard]] const char* Name() const override { return "watched"; }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* made,
                                        rocksdb::IODebugContext* context) override {
    auto opened = target()->NewRandomAccessFile(path, options, made, context);
    if (opened.ok()) *made = std::make_unique<file>(std::move(*made), *this);
    return opened;
  }
  std::function<void()> looked = [] {};

 private:
  class file final : public rocksdb::FSRandomAccessFileOwnerWrapper {
   public:
    file(std::unique_ptr<rocksdb::FSRandomAccessFile> of, watched_files& in)
        : FSRandomAccessFileOwnerWrapper(std::move(of)), in_(in) {}
    rocksdb::IOStatus Read(std::uint64_t offset, std::size_t size, const rocksdb::IOOptions& options,
                           rocksdb::Slice* result, char* into, rocksdb::IODebugContext* context) const override {
      auto read = FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, into, context);
      in_.looked();
      return read;
    }

   private:
    watched_files& in_;
  };
};

/// A log that is open for writing and for reading, through files that are watched.
struct watched_log {
  watched_log() {
    REQUIRE(files->NewWritableFile(path, {}, &writing, nullptr).ok());
    REQUIRE(files->NewSequentialFile(path, {}, &reading, nullptr).ok());
  }
  void write(const std::string& bytes) { REQUIRE(writing->Append(bytes, {}, nullptr).ok()); }

  scratch_folder folder;
  std::string path = (folder.path() / "000001.log").string();
  std::shared_ptr<watched_files> watched = std::make_shared<watched_files>();
  std::shared_ptr<rocksdb::FileSystem> files = embedded::prewritten_files(watched);
  std::unique_ptr<rocksdb::FSWritableFile> writing;
  std::unique_ptr<rocksdb::FSSequentialFile> reading;
};

}  // namespace

TEST_CASE("records that come between two looks of one reading are read whole, then or later") {
  watched_log log;
  const auto next = fragment(whole_record, std::string(25, 'x'));  // 32 bytes: a block is full without rest
  std::string expected = next;
  log.write(expected);
  log.watched->looked = [&] {
    expected += next + next;
    log.write(next + next);
  };
  std::string found;
  for (int n = 0; n < 500; ++n) {
    found += read_once(*log.reading);
    REQUIRE(expected.starts_with(found));
  }
  CHECK(found.size() > write_ahead::block_size);
}

TEST_CASE("a record that is being written while somebody reads is no damage") {
  watched_log log;
  const auto before = fragment(whole_record, "here before");
  const auto next = fragment(whole_record, std::string(300, 'x'));
  log.write(before);
  int looks = 0;
  log.watched->looked = [&] {
    if (++looks == 1)
      overwrite(log.path, before.size(), next.substr(0, 200));  // no sector is missing: the record ends in this one
    if (looks == 6) overwrite(log.path, before.size(), next);
  };
  std::string found;
  for (int n = 0; n < 5; ++n) found += read_all(*log.reading);
  CHECK(found == before + next);
}

TEST_CASE("whoever reads a log while it is written sees whole records only, all of them, and no damage") {
  const scratch_folder folder;
  const auto files = embedded::prewritten_files(rocksdb::FileSystem::Default());
  const auto path = (folder.path() / "000001.log").string();
  const auto log = make_log(20'000);
  std::unique_ptr<rocksdb::FSWritableFile> writing;
  REQUIRE(files->NewWritableFile(path, {}, &writing, nullptr).ok());
  std::atomic<bool> failed = false;
  std::atomic<int> looks = 0;
  std::thread writer([&] {
    std::size_t begin = 0, count = 0;
    for (const auto end : log.ends) {
      const int before = looks;
      while (count % 100 == 99 && looks == before) std::this_thread::yield();
      ++count;
      const auto bytes = std::string_view(log.bytes).substr(begin, end - begin);
      if (!writing->Append(rocksdb::Slice(bytes.data(), bytes.size()), {}, nullptr).ok()) failed = true;
      begin = end;
    }
  });
  std::unique_ptr<rocksdb::FSSequentialFile> reading;
  REQUIRE(files->NewSequentialFile(path, {}, &reading, nullptr).ok());
  std::string found;
  for (; found.size() < log.bytes.size(); ++looks) {
    found += read_once(*reading);
    REQUIRE(log.bytes.starts_with(found));
  }
  writer.join();
  CHECK_FALSE(failed);
  CHECK(read_all(*reading).empty());
  REQUIRE(writing->Close({}, nullptr).ok());
  CHECK(std::filesystem::file_size(path) == log.bytes.size());
}

TEST_CASE("other files are as they were") {
  const scratch_folder folder;
  const auto files = embedded::prewritten_files(rocksdb::FileSystem::Default());
  const auto path = (folder.path() / "000001.sst").string();
  std::unique_ptr<rocksdb::FSWritableFile> writing;
  REQUIRE(files->NewWritableFile(path, {}, &writing, nullptr).ok());
  REQUIRE(writing->Append("no log", {}, nullptr).ok());
  REQUIRE(writing->Flush({}, nullptr).ok());
  CHECK(std::filesystem::file_size(path) == 6);
  std::unique_ptr<rocksdb::FSSequentialFile> reading;
  REQUIRE(files->NewSequentialFile(path, {}, &reading, nullptr).ok());
  CHECK(read_all(*reading) == "no log");
  REQUIRE(writing->Close({}, nullptr).ok());
}
