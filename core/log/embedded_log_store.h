#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/log/event_log.h"
#include "core/log/log_options.h"
#include "core/log/shared_reader.h"

namespace rocksdb {
class DB;
class Iterator;
class WriteBatch;
}  // namespace rocksdb

// The records of the embedded log in RocksDB, one key each, in one column family:
//
//     key   := topic:u32 partition:u32 offset:u64      big-endian, so that they sort; topic = its place in the
//     description value := a record (record_codec.h)
//
// and under the key of 8 bytes 0xff and 8 bytes 0x00 the description of the log, which names topics in the order of
// creation:
//
//     description := checksum:u32 format:u32 partitions:u32 count:varint (topic:string)*    checksum = CRC-32C of the
//     rest
namespace foldlog {

class embedded_log_store final : public record_source {
 public:
  /// Errors: conflict (another process has it open; another partition count), not_found (nothing there and it may not
  /// be created), damaged, unavailable.
  [[nodiscard]] static result<std::shared_ptr<embedded_log_store>> open(const log_options& options);
  ~embedded_log_store() override;

  [[nodiscard]] const std::vector<std::string>& topics() const { return topics_; }
  [[nodiscard]] std::int32_t partitions() const { return partitions_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  /// Records to be written together. Only one thread at a time writes.
  class write_group {
   public:
    write_group();
    ~write_group();
    write_group(const write_group&) = delete;
    write_group& operator=(const write_group&) = delete;

   private:
    friend class embedded_log_store;
    std::unique_ptr<rocksdb::WriteBatch> batch_;
    std::vector<std::size_t> touched_;
  };
  /// Gives the record the next offset of its partition.
  offset_t add(write_group& group, partition_id to, std::string_view encoded);
  /// Writes and syncs the group and empties it; then its records can be read. After a failure the store takes no more
  /// writes until reopen() has succeeded: only that tells which of the group's records are there.
  [[nodiscard]] result<void> commit(write_group& group);
  /// Closes the database and opens it anew, when the disk can be written again. Readers meet `unavailable` meanwhile.
  [[nodiscard]] result<void> reopen();
  [[nodiscard]] bool readable() const;

  [[nodiscard]] offset_t end(partition_id of) const override;
  [[nodiscard]] std::unique_ptr<scanner> scan(partition_id of) override;
  /// Read-only: sees what the server has written meanwhile.
  [[nodiscard]] result<void> refresh() override;
  /// Everything that readers hold of the database is released, then it is closed.
  void close();

 private:
  class partition_scanner;
  struct recorded {
    std::int32_t partitions = 0;
    std::vector<std::string> topics;
  };

  explicit embedded_log_store(const log_options& options);
  [[nodiscard]] std::size_t index(partition_id of) const;
  [[nodiscard]] result<void> open_database();
  [[nodiscard]] result<void> open_primary();
  [[nodiscard]] result<void> open_secondary();
  [[nodiscard]] result<void> adopt_description(const log_options& options);
  [[nodiscard]] result<std::optional<recorded>> read_description();
  [[nodiscard]] result<void> write_description(const recorded& description);
  [[nodiscard]] result<std::vector<std::int64_t>> find_ends();
  void publish(const std::vector<std::int64_t>& ends);
  [[nodiscard]] result<void> swap_database();
  void close_locked();
  [[nodiscard]] result<void> probe_disk() const;

  std::filesystem::path folder_;
  std::filesystem::path secondary_folder_;  ///< read-only: RocksDB's own notes
  bool read_only_;
  bool create_;
  std::vector<std::string> topics_;
  std::vector<std::optional<std::uint32_t>> recorded_topic_;  ///< by topic; none: not in the log (read-only)
  std::int32_t partitions_ = 0;
  std::unique_ptr<std::atomic<std::int64_t>[]> ends_;  ///< durable
  std::vector<std::int64_t> next_;                     ///< the writer's own
  bool failed_ = false;

  mutable std::shared_mutex database_mutex_;  ///< shared: using it; exclusive: closing, opening
  std::unique_ptr<rocksdb::DB> database_;
  std::mutex scanners_mutex_;
  std::set<partition_scanner*> scanners_;
  std::mutex refresh_mutex_;
};

}  // namespace foldlog
