#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "test/log/embedded_fixture.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

constexpr partition_id at{0, 0};

std::filesystem::path newest_write_ahead_log(const std::filesystem::path& data) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(data / "log")) {
    if (entry.path().extension() == ".log") newest = std::max(newest, entry.path());
  }
  return newest;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Where the zeros begin with which a write-ahead log is written in advance, or up to three bytes before.
std::size_t records_end(const std::filesystem::path& file) { return bytes_of(file).find_last_not_of('\0') + 1; }

/// The folder as it is on the disk while the log is open: what a crash of the process would leave.
std::filesystem::path crash_copy(const std::filesystem::path& data) {
  const auto copy = data / "crashed";
  std::filesystem::remove_all(copy);
  std::filesystem::create_directories(copy);
  std::filesystem::copy(data / "log", copy / "log", std::filesystem::copy_options::recursive);
  return copy;
}

}  // namespace

TEST_CASE("what was acknowledged survives a crash of the process") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  for (int n = 0; n < 50; ++n) CHECK(fixture.append(*log, at, std::to_string(n)).status == append_status::acknowledged);
  embedded_fixture after;
  after.options = fixture.options;
  after.options.data = crash_copy(fixture.options.data);
  const auto recovered = after.reopen();
  CHECK(after.values(*recovered, at).size() == 50);
  CHECK(raw(after.append(*recovered, at, "next").first) == 50);
}

TEST_CASE("a write-ahead log is written in advance, and cut when it is closed") {
  embedded_fixture fixture;
  auto log = fixture.make(1, 1);
  (void)fixture.append(*log, at, "1");
  const auto file = newest_write_ahead_log(fixture.options.data);
  const auto size = std::filesystem::file_size(file);
  CHECK(size > records_end(file) + (200U << 10));
  for (int n = 0; n < 50; ++n) (void)fixture.append(*log, at, std::to_string(n));
  CHECK(std::filesystem::file_size(file) == size);
  log.reset();
  CHECK(std::filesystem::file_size(file) < 20'000);
  fixture.make(1, 1).reset();  // the zeros were the last that was written
  CHECK(std::filesystem::file_size(newest_write_ahead_log(fixture.options.data)) < 1'000);
}

TEST_CASE("a record torn by a crash at the end of the write-ahead log is dropped, nothing before it") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  for (int n = 0; n < 50; ++n) CHECK(fixture.append(*log, at, std::to_string(n)).status == append_status::acknowledged);
  const auto first = records_end(newest_write_ahead_log(fixture.options.data));
  CHECK(fixture.append(*log, at, std::string(3000, 'x')).status == append_status::acknowledged);
  const auto end = records_end(newest_write_ahead_log(fixture.options.data));
  const auto loses = [&](auto what) {
    embedded_fixture after;
    after.options = fixture.options;
    after.options.data = crash_copy(fixture.options.data);
    what(newest_write_ahead_log(after.options.data));
    const auto recovered = after.reopen();
    CHECK(after.values(*recovered, at).size() == 50);
    CHECK(raw(after.append(*recovered, at, "next").first) == 50);
    CHECK(after.values(*recovered, at).size() == 51);
  };
  SUBCASE("cut short") {
    loses([&](const std::filesystem::path& file) { std::filesystem::resize_file(file, end - 5); });
  }
  SUBCASE("sectors that never arrived") {
    for (auto sector = first / 512; sector <= (end - 1) / 512; ++sector) {
      const auto begin = std::max(first, 512 * sector);
      const auto behind = std::min(end, 512 * (sector + 1));
      loses([&](const std::filesystem::path& file) { overwrite(file, begin, std::string(behind - begin, '\0')); });
    }
  }
  SUBCASE("nothing of it arrived") {
    loses([&](const std::filesystem::path& file) { overwrite(file, first, std::string(end - first, '\0')); });
  }
}

// A machine that loses its power has written any of the sectors of the last write, in any order.
TEST_CASE("whichever sectors of the last write arrived, the log opens with all that was acknowledged before") {
  std::mt19937 random(5);
  const auto draw = [&](std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(random);
  };
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  std::size_t kept = 0, lost = 0;
  for (std::size_t acknowledged = 0; acknowledged < 150; ++acknowledged) {
    const auto before = bytes_of(newest_write_ahead_log(fixture.options.data));
    const std::string value(draw(1, std::size_t{1} << draw(4, 17)), 'x');
    CHECK(fixture.append(*log, at, value).status == append_status::acknowledged);
    embedded_fixture after;
    after.options = fixture.options;
    after.options.data = crash_copy(fixture.options.data);
    const auto file = newest_write_ahead_log(after.options.data);
    auto bytes = bytes_of(file);
    const auto share = draw(0, 4);
    for (std::size_t sector = 0; sector < bytes.size(); sector += 512) {
      if (draw(0, 3) < share) continue;
      const auto old = sector < before.size() ? before.substr(sector, 512) : std::string();
      bytes.replace(sector, 512, old + std::string(512 - old.size(), '\0'));
    }
    overwrite(file, 0, bytes);
    const auto recovered = after.open();
    REQUIRE_MESSAGE(recovered.has_value(), recovered.error().text);
    const auto found = after.values(**recovered, at).size();
    CHECK(found >= acknowledged);
    CHECK(found <= acknowledged + 1);
    ++(found == acknowledged ? lost : kept);
  }
  CHECK(kept > 20);
  CHECK(lost > 50);
}

TEST_CASE("damage within the write-ahead log is refused, not skipped") {
  embedded_fixture fixture;
  const auto log = fixture.make(1, 1);
  std::size_t midst = 0, last = 0;
  for (int n = 0; n < 49; ++n) {
    CHECK(fixture.append(*log, at, std::string(700, 'x')).status == append_status::acknowledged);
    last = records_end(newest_write_ahead_log(fixture.options.data));
    if (n == 44) midst = last;  // in the last block: nothing after it looks wrong
  }
  CHECK(fixture.append(*log, at, std::string(700, 'x')).status == append_status::acknowledged);
  const auto end = records_end(newest_write_ahead_log(fixture.options.data));
  const auto is_refused = [&](std::size_t place, const std::string& bytes) {
    embedded_fixture after;
    after.options = fixture.options;
    after.options.data = crash_copy(fixture.options.data);
    overwrite(newest_write_ahead_log(after.options.data), place, bytes);
    const auto refused = after.open();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == error_kind::damaged);
    CHECK(refused.error().text.find(after.options.data.string()) != std::string::npos);
    after.options.read_only = true;
    CHECK_FALSE(after.open().has_value());
  };
  SUBCASE("in its midst") { is_refused(end / 2, "\xff\xff"); }
  SUBCASE("in its last record") {
    for (std::size_t place = last; place < end; place += 31) is_refused(place, "\xff");
  }
  SUBCASE("behind its last record") { is_refused(end + 100'000, "\xff"); }
  SUBCASE("zeros in the place of a record") { is_refused(midst, std::string(512, '\0')); }
  SUBCASE("a sector of zeros in its midst") { is_refused(end / 1024 * 512, std::string(512, '\0')); }
  SUBCASE("zeros up to its last record") { is_refused(end / 1024 * 512, std::string(last - end / 1024 * 512, '\0')); }
}
