#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace foldlog::test {

/// Everything that goes wrong in a run.
enum class fault : std::uint8_t {
  // appends
  append_refused,
  append_lost,
  append_unknown_but_there,
  append_late,
  append_partial,
  append_doubled,
  append_misreported,
  append_slow,
  leader_lost,
  // reading
  read_error,
  empty_read,
  // stores
  write_error,
  torn_write,
  get_error,
  unsynced_lost,
  disk_replaced,
  // clients
  answer_lost,
  stream_broken,
  slow_consumer,
  // nodes
  crash,
  pause,
  log_away,
  clock_jump,
  claim_of_nobody,
  hand_over,
  planned_hand_over,
  partition_taken,
  stand_by,
  void_record,
  // the log, against its word
  bit_flipped,
  foreign_in_sequence,
  wrong_version,
  log_cut,
  log_recreated,
};

constexpr auto fault_names = std::to_array<std::string_view>({"append_refused",
                                                              "append_lost",
                                                              "append_unknown_but_there",
                                                              "append_late",
                                                              "append_partial",
                                                              "append_doubled",
                                                              "append_misreported",
                                                              "append_slow",
                                                              "leader_lost",
                                                              "read_error",
                                                              "empty_read",
                                                              "write_error",
                                                              "torn_write",
                                                              "get_error",
                                                              "unsynced_lost",
                                                              "disk_replaced",
                                                              "answer_lost",
                                                              "stream_broken",
                                                              "slow_consumer",
                                                              "crash",
                                                              "pause",
                                                              "log_away",
                                                              "clock_jump",
                                                              "claim_of_nobody",
                                                              "hand_over",
                                                              "planned_hand_over",
                                                              "partition_taken",
                                                              "stand_by",
                                                              "void_record",
                                                              "bit_flipped",
                                                              "foreign_in_sequence",
                                                              "wrong_version",
                                                              "log_cut",
                                                              "log_recreated"});
static_assert(fault_names.size() == static_cast<std::size_t>(fault::log_recreated) + 1);

/// How often each of them happened.
class fault_counts {
 public:
  void add(fault kind, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(kind)] += times; }
  void add(const fault_counts& more) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += more.counts_[i];
  }
  [[nodiscard]] std::uint64_t operator[](std::size_t kind) const { return counts_[kind]; }

 private:
  std::array<std::uint64_t, fault_names.size()> counts_{};
};

}  // namespace foldlog::test
