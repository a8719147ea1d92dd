#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/log/commit_reader.h"
#include "core/log/event_log.h"
#include "schemas/json.h"
#include "schemas/registry.h"

namespace foldlog {

/// Reads a log with the eyes of a stranger: verdicts, versions without gaps, schemas, command ids once per stream.
class log_audit {
 public:
  log_audit(const event_log& of, const schema_registry& schemas, std::chrono::seconds window,
            std::uint64_t window_commands);

  void take(partition_id at, const record& next);
  /// After the last record: commits that are not complete.
  void end();

  struct counts {
    std::uint64_t records = 0, events = 0, commits = 0, claims = 0, proofs = 0, refusals = 0, voids = 0, open = 0,
                  damaged = 0;
  };
  [[nodiscard]] const counts& counted() const { return counts_; }
  [[nodiscard]] std::uint64_t streams() const { return streams_; }
  /// What was found wrong, each with its position; at most a hundred.
  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }
  [[nodiscard]] std::uint64_t finding_count() const { return finding_count_; }

 private:
  struct used_command {
    std::uint64_t ordinal = 0;
    std::int64_t time_us = 0;
  };
  struct stream_state {
    version_t version{0};
    std::uint64_t commands = 0;
    std::unordered_map<std::string, used_command> used;
  };
  struct partition_state {
    commit_reader reader;
    bool halted = false;
    std::uint64_t open = 0;
    std::int64_t log_time_us = 0;
    std::unordered_map<std::string, stream_state> streams;
  };

  void find_fault(partition_id at, offset_t offset, const std::string& what);
  void take_commit(partition_id at, partition_state& state, std::span<const record> commit);
  void check_event(partition_id at, stream_state& stream, const record& event);
  void check_command(partition_id at, partition_state& state, stream_state& stream, const record& first);

  const event_log& log_;
  const schema_registry& schemas_;
  std::int64_t window_us_;
  std::uint64_t window_commands_;
  json::parser parser_;
  counts counts_;
  std::uint64_t streams_ = 0;
  std::uint64_t finding_count_ = 0;
  std::vector<std::string> findings_;
  std::map<partition_id, partition_state> partitions_;
};

}  // namespace foldlog
