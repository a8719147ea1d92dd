#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/log/record.h"

namespace foldlog {

/// One partition, by the index of its topic in event_log::topics().
struct partition_id {
  std::uint32_t topic = 0;
  std::int32_t partition = 0;
  auto operator<=>(const partition_id&) const = default;
};

enum class append_status : std::uint8_t {
  acknowledged,  ///< all records of the append are durable
  refused,       ///< certainly none of them is in the log, nor ever will be
  unknown,       ///< any of them may be in the log, now or later
};

struct append_result {
  append_status status = append_status::unknown;
  offset_t first = no_offset;  ///< acknowledged: the offset reported for the first record
  bool consecutive = false;    ///< acknowledged: the others were reported at first + 1, first + 2 ... in their order
  foldlog::error error;        ///< refused, unknown: why (too_large, unavailable ...)
};

using append_handler = std::move_only_function<void(append_result)>;
using ready_handler = std::function<void()>;

struct read_limits {
  std::size_t records = 4096;
  std::size_t bytes = 4U << 20;  ///< soft: at least one record is always given
};

/// Where a reader stands; one thread at a time.
class log_reader {
 public:
  virtual ~log_reader() = default;

  /// Replaces the batch by what is there at present and has not been given yet, without waiting: perhaps nothing. Then,
  /// and only then, the ready handler is called once when there is more (from any thread; spurious calls are allowed).
  /// Errors: damaged (bytes that do not decode where the log itself wrote them, or an offset below the log's
  /// beginning), unavailable (it may be tried again).
  [[nodiscard]] virtual result<void> read(record_batch& into, const read_limits& limits) = 0;

  /// From now on the partition is read from this offset.
  virtual void seek(partition_id at, offset_t from) = 0;

  /// Adds nothing and leaves the partition's place: until it is resumed it is not read.
  virtual void pause(partition_id at) = 0;
  virtual void resume(partition_id at) = 0;
};

struct log_health {
  bool writable = true;
  bool readable = true;
  std::string reason;  ///< when one of them is false: what is wrong, one sentence
};

/// An ordered, durable, partitioned log: the one interface that everything else in the engine sees.
///
/// Order: all readers of a partition see its records in one order, by rising offset. Offsets are dense: consecutive
/// appends take consecutive offsets. Appends of one partition, made by one thread one after the other, take their
/// places in that order unless one of them fails; those behind a failed one may still land.
///
///     append(p, {a, b})   append(p, {c})          | a | b | c |
///                                                 @7   @8   @9      -> {acknowledged, first 7}, {acknowledged, first
///                                                 9}
class event_log {
 public:
  virtual ~event_log() = default;

  /// `<domain>.<category>`, in the order in which they were given when the log was opened.
  [[nodiscard]] virtual const std::vector<std::string>& topics() const = 0;
  /// The same for every topic; fixed when the topics were created.
  [[nodiscard]] virtual std::int32_t partitions() const = 0;

  /// Appends the records as one unit of failure, in their order; encodes them before it returns. `done` is called
  /// exactly once, on the executor that the log was opened with, never from within this call. From one thread per
  /// partition.
  virtual void append(partition_id to, std::span<const record> records, append_handler done) = 0;

  /// Reads the given partitions from the given offsets (0 = the beginning; beyond the end: waits there).
  struct start {
    partition_id at;
    offset_t from{0};
  };
  [[nodiscard]] virtual std::unique_ptr<log_reader> open_reader(std::vector<start> starts, ready_handler ready) = 0;
  /// The same for who would rather have together what comes within a few milliseconds: where reading costs a round trip
  /// it is one for many records.
  [[nodiscard]] virtual std::unique_ptr<log_reader> open_gathering_reader(std::vector<start> starts,
                                                                          ready_handler ready) {
    return open_reader(std::move(starts), std::move(ready));
  }

  /// The records first ... last of a partition, which are known to be there. `done` is called once, on the log's
  /// executor or from within this call.
  using fetch_handler = std::move_only_function<void(result<record_batch>)>;
  virtual void fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) = 0;

  /// The offset of the next record. Exact where the log is embedded; with Kafka the newest high watermark heard of,
  /// which may be old: good for lag and progress, never a proof of anything. No waiting, any thread.
  [[nodiscard]] virtual result<offset_t> end_offset(partition_id of) const = 0;
  /// Asks the log anew (may wait up to a few seconds); every record acknowledged before the call lies below it.
  [[nodiscard]] virtual result<offset_t> query_end_offset(partition_id of) = 0;

  /// What the last operations met. No waiting, any thread.
  [[nodiscard]] virtual log_health health() const = 0;

  /// True when nobody else can write to this log while it is open: a refusal needs no proof then.
  [[nodiscard]] virtual bool exclusive() const = 0;

  /// `embedded` or `kafka:host:port,…`, for people.
  [[nodiscard]] virtual std::string description() const = 0;

  /// No call of a handler after this returned. Appends under way end as unknown, or with their result, before that.
  virtual void close() = 0;
};

}  // namespace foldlog
