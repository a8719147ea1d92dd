#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "test/log/embedded_fixture.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

constexpr partition_id at{0, 0};

/// A file system in memory, mounted for the length of a test.
class small_disk {
 public:
  explicit small_disk(const std::string& size)
      : mounted_(::mount("foldlog-test", folder_.path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {}
  ~small_disk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  scratch_folder folder_;
  bool mounted_;
};

struct outcomes {
  std::vector<std::pair<std::int64_t, std::string>> acknowledged;
  std::vector<std::string> unknown;
  std::vector<std::string> refused;

  void append(embedded_fixture& fixture, event_log& log, const std::string& value) {
    const auto result = fixture.append(log, at, value);
    if (result.status == append_status::acknowledged) acknowledged.emplace_back(raw(result.first), value);
    if (result.status == append_status::unknown) unknown.push_back(value);
    if (result.status == append_status::refused) refused.push_back(value);
    if (result.status != append_status::acknowledged) CHECK_FALSE(result.error.text.empty());
  }
  /// The log has what it acknowledged at its place, nothing that it refused, and nothing twice.
  void check(const std::vector<std::string>& found) const {
    for (const auto& [offset, value] : acknowledged) {
      REQUIRE(static_cast<std::size_t>(offset) < found.size());
      CHECK((found[static_cast<std::size_t>(offset)] == value));
    }
    for (const auto& value : refused) CHECK((std::ranges::find(found, value) == found.end()));
    for (const auto& value : unknown) CHECK(std::ranges::count(found, value) <= 1);
    CHECK(found.size() >= acknowledged.size());
    CHECK(found.size() <= acknowledged.size() + unknown.size());
  }
};

std::string numbered(int number, std::size_t size) {
  return fmt::format("\"{:08}{}\"", number, std::string(size, 'x'));
}

/// Appends until the log refuses, heals the cause, and appends again.
void goes_on_when_the_cause_is_gone(embedded_fixture& fixture, const std::function<void()>& heal) {
  auto log = fixture.reopen();
  outcomes seen;
  int number = 0;
  while (seen.refused.size() < 3 && number < 3000) seen.append(fixture, *log, numbered(number++, 20'000));
  REQUIRE(seen.refused.size() == 3);
  CHECK(seen.unknown.size() >= 1);
  CHECK(seen.acknowledged.size() > 10);
  const auto health = log->health();
  CHECK_FALSE(health.writable);
  CHECK(health.readable);
  CHECK(health.reason.find(fixture.options.data.string()) != std::string::npos);
  CHECK(fixture.values(*log, at).size() == seen.acknowledged.size());  // reading goes on meanwhile

  heal();
  CHECK(fixture.run_until([&] { return log->health().writable; }));  // by itself: nobody appends
  for (int n = 0; n < 10; ++n) seen.append(fixture, *log, numbered(number++, 100));
  CHECK(seen.refused.size() == 3);
  seen.check(fixture.values(*log, at));
  log.reset();
  log = fixture.reopen();
  seen.check(fixture.values(*log, at));
}

}  // namespace

TEST_CASE("a full disk makes appends fail honestly, and the log goes on when there is room again") {
  const small_disk disk("24m");
  if (!disk.mounted()) {
    MESSAGE("SKIPPED: a tmpfs cannot be mounted here, so nothing was shown about a full disk");
    return;
  }
  embedded_fixture fixture;
  fixture.options.data = disk.path() / "data";
  fixture.options.topics = {"bank.account"};
  const auto filler = disk.path() / "filler";
  std::ofstream(filler) << std::string(12U << 20, 'f');
  goes_on_when_the_cause_is_gone(fixture, [&] { std::filesystem::remove(filler); });
}

TEST_CASE("a write that fails for another reason is treated alike") {
  // Files may not grow beyond 1 MiB: write() fails with EFBIG, after a part of it was written.
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const scratch_folder folder;
  embedded_fixture fixture;
  fixture.options.data = folder.path();
  fixture.options.topics = {"bank.account"};
  const rlimit limited{1U << 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limited);
  goes_on_when_the_cause_is_gone(fixture, [&] { ::setrlimit(RLIMIT_FSIZE, &before); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
}
