#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/category.h"
#include "core/log/arbiter.h"
#include "core/store/store.h"
#include "schemas/json.h"

namespace foldlog {

/// One stream as the folded log leaves it.
struct folded_stream {
  version_t version{0};
  std::uint64_t commands = 0;  ///< accepted so far (recorded refusals too): the clock of the idempotency window
  offset_t last_event = no_offset;
  state_pointer state;
};

/// How a command id was used on a stream.
struct remembered {
  std::int64_t time_us = 0;                             ///< log time then: the newest ce_time so far
  std::uint64_t ordinal = 0;                            ///< which command of its stream it was: 1, 2 ...
  std::uint64_t hash = 0;                               ///< ce_commandhash
  bool refused = false;                                 ///< a recorded refusal: one record, no version
  version_t version{0};                                 ///< of the stream after it
  boost::container::small_vector<offset_t, 2> offsets;  ///< of its records, rising
};

/// Up to where the rows below reflect the log.
struct folded_place {
  offset_t next{0};                   ///< everything before it is folded; nothing is open there
  arbiter::state judged;              ///< the arbiter's state before `next`
  std::int64_t log_time_us = 0;       ///< the newest ce_time of an accepted record
  offset_t last_counted = no_offset;  ///< the last record that counted or was a claim: its place ...
  epoch_id last_epoch;                ///< ... its epoch ...
  std::uint64_t last_sequence =
      0;  ///< ... and sequence (claim: 0) tell whether the log is still the one that was folded
};

/// The rows of one partition's write model: streams, command ids, place. Keys (0 is a zero byte):
///
///     w <topic> 0 <partition u32>                        place and fingerprint
///     s <topic> 0 <partition u32> <id>                   stream
///     o <topic> 0 <partition u32> <id> 0 <command id>    remembered
///
/// Rows reach the store in batches, each with the place that it reflects; the store may lose its newest batches (they
/// are folded again) but never a part of one.
class write_model {
 public:
  write_model(store& rows, const class category& of, std::string_view topic, std::int32_t partition);

  /// Where the stored rows stand. Rows of another fingerprint are dropped first: the fold starts at offset 0 then.
  [[nodiscard]] result<folded_place> open();
  /// Drops all rows of the partition.
  [[nodiscard]] result<void> wipe();

  [[nodiscard]] result<std::optional<folded_stream>> load(std::string_view id) const;
  [[nodiscard]] result<std::optional<remembered>> find(std::string_view id, std::string_view command_id) const;

  [[nodiscard]] std::unique_ptr<store_batch> make_batch() const { return rows_.make_batch(); }
  void put(store_batch& batch, std::string_view id, const folded_stream& stream);
  void put(store_batch& batch, std::string_view id, std::string_view command_id, const remembered& outcome);
  void put(store_batch& batch, const folded_place& place);

  /// The first byte of the rows that may expire, and the log time in such a row.
  static constexpr std::string_view expiring_prefix = "o";
  [[nodiscard]] static std::optional<std::int64_t> remembered_time_us(std::string_view value);

 private:
  [[nodiscard]] std::string key(char kind, std::string_view rest = {}) const;

  store& rows_;
  const category& category_;
  std::string place_;  ///< `<topic> 0 <partition u32>`
  mutable json::parser parser_;
  std::string scratch_;
};

}  // namespace foldlog
