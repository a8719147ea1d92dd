#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/log/embedded_log.h"
#include "test/log/contract.h"

namespace foldlog::test {

/// A folder of its own, removed at the end.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Changes bytes in the midst of a file, past whoever has it open.
void overwrite(const std::filesystem::path& file, std::size_t place, const std::string& with);

/// Embedded logs, each in a folder of its own.
class embedded_fixture : public log_fixture {
 public:
  std::unique_ptr<event_log> make(std::size_t topics, std::int32_t partitions) override;
  std::unique_ptr<event_log> reopen() override;
  [[nodiscard]] std::size_t value_bytes_too_large() const override { return options.append_bytes_max; }

  [[nodiscard]] result<std::unique_ptr<event_log>> open() { return open_embedded_log(options, executor()); }
  append_result append(event_log& log, partition_id to, std::string_view value);
  /// The values of a partition, from offset 0 to its end.
  std::vector<std::string> values(event_log& log, partition_id of);

  log_options options;

 private:
  std::unique_ptr<scratch_folder> folder_;
};

}  // namespace foldlog::test
