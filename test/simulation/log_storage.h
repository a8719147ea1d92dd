#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/log/record.h"

namespace foldlog::test {

/// A record as the simulated log keeps it: with its bytes, never moved, never freed while the run lasts.
struct kept_record {
  std::string text;
  record view;           ///< into `text`
  bool flipped = false;  ///< a bit of it is no longer what it was: its checksum says so

  explicit kept_record(const record& from);
  kept_record(const kept_record&) = delete;
  kept_record& operator=(const kept_record&) = delete;
};

/// The partitions of one topic, as their brokers hold them: a leader's log, of which readers see what is replicated.
///
///     | committed: never taken back | landed: on the leader alone, gone with it |
///                                   ^ end()
class log_storage {
 public:
  using watcher = std::function<void(std::int32_t partition, offset_t at, const record& seen)>;

  log_storage(std::string topic, std::int32_t partitions) : topics_{std::move(topic)}, partitions_(partitions) {
    all_.resize(static_cast<std::size_t>(partitions));
  }

  [[nodiscard]] const std::vector<std::string>& topics() const { return topics_; }
  [[nodiscard]] std::int32_t partitions() const { return partitions_; }
  [[nodiscard]] const kept_record* keep(const record& given) { return &records_.emplace_back(given); }

  struct place {
    offset_t first;
    std::uint64_t leader;  ///< of which term
  };
  /// At the end of the leader's log.
  place land(std::int32_t partition, std::span<const kept_record* const> records);
  /// Everything below is replicated now. False when that leader is gone, and with it what was not replicated.
  bool commit(std::int32_t partition, std::uint64_t leader, offset_t end);
  /// The leader goes; another one begins with what is committed. Gives how many records went.
  std::size_t truncate(std::int32_t partition);
  /// The only writer goes: what it had written and nobody knows of stays or goes.
  void settle(std::int32_t partition, bool stays);

  /// Of the next record that readers will see.
  [[nodiscard]] offset_t end(std::int32_t partition) const { return of(partition).committed; }
  /// The record that stands there, with its place.
  [[nodiscard]] record at(std::int32_t partition, offset_t offset) const;
  [[nodiscard]] bool readable(std::int32_t partition, offset_t offset) const;

  /// Called for each record when it becomes visible, in order.
  void on_commit(watcher watch) { watch_ = std::move(watch); }
  /// Called when the partition has more to read.
  void on_growth(std::function<void(std::int32_t)> grown) { grown_ = std::move(grown); }

  // Damage: what no log should ever do.
  void flip(std::int32_t partition, offset_t offset);
  void cut(std::int32_t partition, offset_t end);

 private:
  struct partition_log {
    std::vector<const kept_record*> records;
    offset_t committed{0};
    std::uint64_t leader = 0;
  };
  [[nodiscard]] const partition_log& of(std::int32_t partition) const {
    return all_[static_cast<std::size_t>(partition)];
  }

  std::vector<std::string> topics_;
  std::int32_t partitions_;
  std::deque<kept_record> records_;
  std::vector<partition_log> all_;
  watcher watch_;
  std::function<void(std::int32_t)> grown_;
};

}  // namespace foldlog::test
