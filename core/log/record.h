#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/position.h"

namespace foldlog {

/// The claim under which a record was written: its offset and its nonce (random, never used twice).
struct epoch_id {
  offset_t offset = no_offset;
  std::uint32_t nonce = 0;

  /// `1184-9f3c2a71`; empty for "none".
  [[nodiscard]] std::string text() const;
  /// False when the text is no epoch.
  [[nodiscard]] static bool parse(std::string_view text, epoch_id& parsed);
  bool operator==(const epoch_id&) const = default;
};

enum class record_kind : std::uint8_t {
  event,    ///< an event of a stream
  claim,    ///< foldlog.PartitionClaimed.v1: null key; `epoch.nonce` is its nonce, `epoch.offset` its own offset when
            ///< read
  proof,    ///< foldlog.OwnershipProved.v1: null key
  refusal,  ///< foldlog.CommandRefused.v1: key is the stream's id; takes no stream version
  foreign,  ///< not one of ours: no epoch, or headers that do not parse; never counts
};

/// One record of a partition. All views: whoever makes one keeps what they point to alive. A log encodes a record while
/// append() runs; the records of a read live as long as their record_batch.
struct record {
  record_kind kind = record_kind::foreign;
  offset_t offset = no_offset;  ///< its place; set by the log on reading, ignored on appending
  timestamp time{};             ///< ce_time
  std::string_view key;         ///< the stream's id; empty for claim and proof (null in Kafka)
  std::string_view type;        ///< `bank.DepositMade.v1`, `foldlog.PartitionClaimed.v1` ...
  std::string_view value;       ///< plain JSON, UTF-8
  version_t version{0};         ///< an event's place in its stream; 0 for others
  epoch_id epoch;
  std::uint64_t epoch_sequence = 0;
  std::uint32_t commit_index = 0;  ///< 0 ... commit_count - 1
  std::uint32_t commit_count = 1;
  std::uint64_t command_hash = 0;  ///< ce_commandhash: 16 hex digits, as a number
  std::string_view command_id;
  std::string_view correlation_id;  ///< these four: empty = not known
  std::string_view causation_id;
  std::string_view actor;
  std::string_view traceparent;
};

constexpr std::string_view claim_type = "foldlog.PartitionClaimed.v1";
constexpr std::string_view proof_type = "foldlog.OwnershipProved.v1";
constexpr std::string_view refusal_type = "foldlog.CommandRefused.v1";

/// Records read together, with the bytes they point into. Records of several partitions may be mixed; within one
/// partition they stand in offset order, without gaps.
struct record_batch {
  struct item {
    std::uint32_t topic = 0;  ///< index into event_log::topics()
    std::int32_t partition = 0;
    foldlog::record record;
  };
  std::vector<item> items;
  std::deque<std::string> storage;            ///< a deque: growing it moves no bytes that views point to
  std::vector<std::shared_ptr<void>> owners;  ///< or whatever else keeps the bytes alive

  void clear() {
    items.clear();
    storage.clear();
    owners.clear();
  }
};

}  // namespace foldlog
