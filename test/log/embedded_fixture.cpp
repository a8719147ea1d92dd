#include "test/log/embedded_fixture.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

namespace foldlog::test {

scratch_folder::scratch_folder() {
  static std::atomic<int> count = 0;
  path_ = std::filesystem::temp_directory_path() / fmt::format("foldlog-log-test-{}-{}", ::getpid(), count++);
  std::filesystem::create_directories(path_);
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void overwrite(const std::filesystem::path& file, std::size_t place, const std::string& with) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(place));
  out.write(with.data(), static_cast<std::streamsize>(with.size()));
}

std::unique_ptr<event_log> embedded_fixture::make(std::size_t topics, std::int32_t partitions) {
  folder_ = std::make_unique<scratch_folder>();
  options.data = folder_->path();
  options.partitions = partitions;
  options.topics.clear();
  for (std::size_t n = 0; n < topics; ++n) options.topics.push_back(fmt::format("bank.category{}", n));
  return reopen();
}

std::unique_ptr<event_log> embedded_fixture::reopen() {
  auto log = open();
  REQUIRE_MESSAGE(log.has_value(), (log ? "" : log.error().text));
  return std::move(*log);
}

append_result embedded_fixture::append(event_log& log, partition_id to, std::string_view value) {
  const auto event = sample_event(value);
  return append_now(*this, log, to, std::span(&event, 1));
}

std::vector<std::string> embedded_fixture::values(event_log& log, partition_id of) {
  const auto end = log.query_end_offset(of);
  REQUIRE(end.has_value());
  const auto reader = log.open_reader({{of, offset_t{0}}}, [] {});
  std::vector<std::string> found;
  for (const auto& each : read_records(*this, *reader, static_cast<std::size_t>(raw(*end)))) {
    found.push_back(each.texts[2]);
  }
  return found;
}

}  // namespace foldlog::test
