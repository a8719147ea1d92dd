#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/log/event_log.h"
#include "schemas/bank/account_events.h"

namespace foldlog::test {

/// Writes the bank's commits into a log, as an owner does: claims, epochs, sequences, versions.
class bank_writer {
 public:
  explicit bank_writer(event_log& log) : log_(log), partitions_(static_cast<std::size_t>(log.partitions())) {}

  [[nodiscard]] std::int32_t partition(const std::string& id) const;
  void claim(std::int32_t partition);
  void claim_all();
  /// One commit of one stream, in its place of the present epoch; the versions go on.
  void commit(const std::string& id, const std::vector<bank::account_event>& events);
  /// The same, as an owner of an epoch that has passed would leave it: void.
  void superseded(const std::string& id, const bank::account_event& event);
  /// The last record of the stream's partition once more: void.
  void repeat_last(std::int32_t partition);
  /// A record of nobody.
  void foreign(std::int32_t partition);
  /// The first of two records of a commit, whose second never comes.
  void half_commit(const std::string& id, const bank::account_event& event);
  /// Skips a version, or repeats one: what an owner never does.
  void set_version(const std::string& id, std::uint64_t version) { versions_[id] = version; }
  /// One event in a commit of its own, of any type and with any data.
  void event(const std::string& id, std::string_view type, std::string_view data);
  /// An event of a type that nobody knows.
  void unknown_event(const std::string& id) { event(id, "bank.AccountFrozen.v1", "{}"); }
  /// Microseconds since 1970 of the next commit; each takes a second.
  void set_time(std::int64_t us) { now_us_ = us; }
  /// Of the next claim.
  void set_nonce(std::uint32_t nonce) { nonce_ = nonce; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  struct partition_state {
    epoch_id epoch;
    std::uint64_t next_sequence = 0;
    record last;
    std::string last_text;
  };
  void append(std::int32_t partition, const std::vector<record>& records);
  [[nodiscard]] record make(const std::string& id, std::string& type, std::string& value,
                            const bank::account_event& event);

  event_log& log_;
  std::vector<partition_state> partitions_;
  std::map<std::string, std::uint64_t> versions_;
  std::int64_t now_us_ = 1'795'251'600'000'000;  // 2026-11-21T09:00:00Z
  std::uint32_t nonce_ = 0x9f3c2a71;
  std::uint64_t events_ = 0;
};

/// A log of many accounts, deposits and withdrawals, the same for the same numbers.
void write_bank(bank_writer& writer, std::uint64_t accounts, std::uint64_t events);

}  // namespace foldlog::test
