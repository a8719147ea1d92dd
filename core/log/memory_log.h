#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/log/completion_queue.h"
#include "core/log/event_log.h"
#include "core/log/shared_reader.h"

namespace foldlog {

/// How an append of a memory_log goes wrong.
enum class append_fault : std::uint8_t {
  refused,      ///< certainly not in the log
  lost,         ///< unknown, and never in the log
  written,      ///< unknown, and in the log
  late,         ///< unknown, and in the log when land() is called
  doubled,      ///< acknowledged, and twice in the log: as a network may do it
  misreported,  ///< in the log, but reported at offset -1 and not consecutive: as a broker may do it
};

/// A log in memory, for tests and simulation. Several of them may share one storage: the nodes of a cluster, or one
/// node before and after a restart.
class memory_log final : public event_log {
 public:
  class storage;
  [[nodiscard]] static std::shared_ptr<storage> make_storage(std::vector<std::string> topics, std::int32_t partitions);

  /// `shared`: others write to the same storage, so exclusive() is false.
  memory_log(std::shared_ptr<storage> records, boost::asio::any_io_executor executor, bool shared = false);
  memory_log(std::vector<std::string> topics, std::int32_t partitions, boost::asio::any_io_executor executor);
  ~memory_log() override;

  /// The n-th append from now on (1 = the next one) goes wrong; may be called for several.
  void fail_append(std::size_t n, append_fault how);
  /// All of them, until heal(); health() tells it.
  void fail_appends(append_fault how);
  void heal();
  /// What was appended `late` and has not landed yet lands now, in its order.
  void land();
  /// Flips a bit of a record.
  void corrupt(partition_id at, offset_t offset);
  [[nodiscard]] const std::shared_ptr<storage>& records() const { return storage_; }

  static constexpr std::size_t append_bytes_max = 16U << 20;

  [[nodiscard]] const std::vector<std::string>& topics() const override;
  [[nodiscard]] std::int32_t partitions() const override;
  void append(partition_id to, std::span<const record> records, append_handler done) override;
  [[nodiscard]] std::unique_ptr<log_reader> open_reader(std::vector<start> starts, ready_handler ready) override;
  void fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) override;
  [[nodiscard]] result<offset_t> end_offset(partition_id of) const override;
  [[nodiscard]] result<offset_t> query_end_offset(partition_id of) override;
  [[nodiscard]] log_health health() const override;
  [[nodiscard]] bool exclusive() const override { return !shared_; }
  [[nodiscard]] std::string description() const override { return "memory"; }
  void close() override;

 private:
  struct late_append {
    partition_id to;
    std::vector<std::string> records;
  };
  [[nodiscard]] std::optional<append_fault> next_fault();
  [[nodiscard]] append_result perform(partition_id to, std::vector<std::string> encoded);

  std::shared_ptr<storage> storage_;
  std::shared_ptr<completion_queue> completions_;
  std::shared_ptr<reader_hub> hub_ = std::make_shared<reader_hub>();
  bool shared_;

  mutable std::mutex mutex_;
  std::map<std::size_t, append_fault> faults_;  ///< by how many appends come before
  std::optional<append_fault> standing_fault_;
  std::vector<late_append> late_;
};

}  // namespace foldlog
