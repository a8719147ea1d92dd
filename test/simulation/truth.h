#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/log/record.h"
#include "test/simulation/bank_model.h"
#include "test/simulation/commands.h"
#include "test/simulation/judge.h"

namespace foldlog::test {

/// A stream right after its version of that index.
struct moment_of_stream {
  account_now state;
  record event;  ///< that led to it
  offset_t at = no_offset;
  timestamp time{};
  bool ends_commit = true;
};

struct accepted_commit {
  const wanted_command* of = nullptr;
  bool refusal = false;
  std::uint64_t version = 0;  ///< of the stream after it
  std::uint64_t ordinal = 0;  ///< which command of its stream it was
  std::vector<record> records;
};

struct stream_truth {
  std::int32_t partition = 0;
  std::uint64_t commands = 0;
  std::vector<moment_of_stream> moments{moment_of_stream{}};  ///< by version
  [[nodiscard]] std::uint64_t version() const { return moments.size() - 1; }
  /// The version when the partition had been read up to and with that offset.
  [[nodiscard]] std::uint64_t version_at(offset_t reached) const;
};

/// What the log says: judged and folded here a second time, by the seven lines of API.md section 3 and by a bank of its
/// own. Complains when an accepted commit is not what some client wanted, decided on its stream's state.
class truth {
 public:
  truth(judge& to, const command_book& book, std::int32_t partitions, std::uint64_t window_commands)
      : judge_(to), book_(book), partitions_(static_cast<std::size_t>(partitions)), window_(window_commands) {}

  /// The next record of the partition.
  void see(std::int32_t partition, const record& seen);
  /// Damage was done on purpose: what comes behind it in this partition must not be folded.
  void expect_damage(std::int32_t partition) { partitions_[static_cast<std::size_t>(partition)].damage_due = true; }
  /// Nothing of the partition counts from there on, whatever it holds.
  void stop(std::int32_t partition) { partitions_[static_cast<std::size_t>(partition)].halted = true; }
  [[nodiscard]] bool halted(std::int32_t partition) const {
    return partitions_[static_cast<std::size_t>(partition)].halted;
  }

  [[nodiscard]] const stream_truth* find(const std::string& id) const;
  [[nodiscard]] std::uint64_t version(const std::string& id) const;
  /// Commits of that command id on that stream.
  [[nodiscard]] std::vector<const accepted_commit*> commits(const std::string& stream, const std::string& id) const;
  [[nodiscard]] const std::deque<accepted_commit>& all() const { return commits_; }
  [[nodiscard]] const std::map<std::string, stream_truth>& streams() const { return streams_; }
  /// The accepted events of a partition, in order.
  [[nodiscard]] const std::vector<record>& events(std::int32_t partition) const {
    return partitions_[static_cast<std::size_t>(partition)].events;
  }
  /// What the partition's owner would write next.
  [[nodiscard]] epoch_id epoch(std::int32_t partition) const {
    return partitions_[static_cast<std::size_t>(partition)].epoch;
  }
  [[nodiscard]] std::uint64_t next_sequence(std::int32_t partition) const {
    return partitions_[static_cast<std::size_t>(partition)].next;
  }
  [[nodiscard]] bool open(std::int32_t partition) const {
    return !partitions_[static_cast<std::size_t>(partition)].open.empty();
  }
  [[nodiscard]] std::int32_t partitions() const { return static_cast<std::int32_t>(partitions_.size()); }

  struct counters {
    std::uint64_t claims = 0, ignored = 0, commits = 0, proofs = 0, refusals = 0;
  };
  [[nodiscard]] const counters& counts() const { return counts_; }

 private:
  struct partition_truth {
    epoch_id epoch;
    std::uint64_t next = 0;
    std::vector<record> open;
    std::vector<record> events;
    bool halted = false;
    bool damage_due = false;
  };
  void accept(partition_truth& in, std::int32_t partition);
  void damaged(partition_truth& in, std::int32_t partition, std::string text);
  void accept_refusal(const record& said, std::int32_t partition);
  [[nodiscard]] const wanted_command* find_wanted(const std::vector<record>& commit, const stream_truth& stream);
  void check_once(const wanted_command& of, const stream_truth& stream);

  judge& judge_;
  const command_book& book_;
  std::vector<partition_truth> partitions_;
  std::uint64_t window_;
  std::map<std::string, stream_truth> streams_;
  std::deque<accepted_commit> commits_;
  std::map<std::pair<std::string, std::string>, std::vector<const accepted_commit*>> by_id_;
  counters counts_;
};

}  // namespace foldlog::test
