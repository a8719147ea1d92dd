#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/log/memory_log.h"

// Writes a log as owners, and those that they superseded, would leave it behind.
namespace foldlog::test {

class log_script {
 public:
  explicit log_script(memory_log& log) : log_(log), owners_(static_cast<std::size_t>(log.partitions())) {}

  /// A new owner of the partition.
  offset_t claim(std::int32_t partition);
  /// One commit on the stream `bank/account/<id>`; gives the offset of its last event. The partition is claimed when
  /// nobody has.
  offset_t commit(const std::string& id, std::initializer_list<std::string_view> events);
  /// The same, with each of its records twice in the log, as a network may leave them.
  offset_t doubled_commit(const std::string& id, std::initializer_list<std::string_view> events);
  /// Records of a commit that never becomes complete.
  void open_commit(const std::string& id);
  /// What the owner before the last one still wrote: void.
  void stale_event(const std::string& id);
  void proof(std::int32_t partition);
  void refusal(const std::string& id);
  /// An event in sequence that does not continue its commit: damage.
  void damage(std::int32_t partition);

  [[nodiscard]] std::int32_t partition(std::string_view id) const;

  struct accepted {
    std::int32_t partition;
    offset_t offset;
    std::string id;
    std::uint64_t version;
    std::string type;
  };
  /// What the rule accepts of all this, known from the writing, in the order of each partition.
  [[nodiscard]] const std::vector<accepted>& events() const { return events_; }

 private:
  struct owner {
    epoch_id epoch;
    epoch_id before;
    std::uint64_t sequence = 0;
    bool claimed = false;
  };
  offset_t write(std::int32_t partition, const std::vector<record>& records);
  std::vector<record> next_commit(const std::string& id, std::initializer_list<std::string_view> events);

  memory_log& log_;
  std::vector<owner> owners_;
  std::map<std::string, std::uint64_t> versions_;
  std::vector<accepted> events_;
  std::deque<std::string> texts_;
  std::uint32_t nonce_ = 100;
};

}  // namespace foldlog::test
