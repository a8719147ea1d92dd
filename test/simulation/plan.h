#pragma once

#include <chrono>
#include <cstdint>

#include "command/owner.h"
#include "test/simulation/chance.h"

namespace foldlog::test {

/// How often things go wrong, of 1000 occasions each.
struct fault_rates {
  // an append
  std::uint32_t refused = 0;      ///< certainly not in the log
  std::uint32_t lost = 0;         ///< unknown, and never in the log
  std::uint32_t written = 0;      ///< unknown, and in the log
  std::uint32_t late = 0;         ///< unknown, and in the log some time afterwards
  std::uint32_t partial = 0;      ///< unknown, and only some of its records in the log
  std::uint32_t doubled = 0;      ///< in the log twice, at once or much later
  std::uint32_t misreported = 0;  ///< in the log, and reported somewhere else
  std::uint32_t slow = 0;         ///< acknowledged very late
  std::uint32_t truncated = 0;    ///< a leader goes with what was not replicated yet
  // reading
  std::uint32_t read_error = 0;
  std::uint32_t empty_read = 0;
  // stores
  std::uint32_t write_error = 0;
  std::uint32_t get_error = 0;
  std::uint32_t power_loss = 0;  ///< of crashes: a suffix of the unsynced writes goes
  // clients
  std::uint32_t broken_answer = 0;  ///< the connection ends before the answer is there
  std::uint32_t broken_stream = 0;  ///< of an event stream's pieces
  std::uint32_t slow_consumer = 0;  ///< of them: taken very late
  // nodes; of the occasions at which something may happen to one
  std::uint32_t crash = 0;
  std::uint32_t pause = 0;
  std::uint32_t outage = 0;  ///< the log is away from one node
  std::uint32_t clock_jump = 0;
  std::uint32_t ghost = 0;       ///< a claim of nobody
  std::uint32_t hand_over = 0;   ///< the group names another node
  std::uint32_t lost_views = 0;  ///< of crashes: the views' disk is replaced
};

/// What happens to the log in a run that is about damage.
enum class damage_kind : std::uint8_t { none, flipped_bit, foreign_in_sequence, wrong_version, cut, recreated };

/// One run: how large, how fast, how bad. Drawn from the seed; each kind of fault is off in many runs and frequent in
/// some (swarm testing).
struct plan {
  bool exclusive = false;  ///< one node on a log as the embedded one
  bool shared = false;     ///< a group names the owners; else every node claims everything
  std::int32_t partitions = 1;
  std::size_t nodes = 1;
  std::size_t writers = 1;
  std::size_t readers = 1;
  std::size_t subscribers = 1;
  std::size_t accounts = 3;
  bool records_refusals = false;
  damage_kind damage = damage_kind::none;

  owner_options owner{};
  std::chrono::milliseconds command_timeout{500};
  std::size_t cache_bytes = 1U << 20;  ///< of the views' rows in memory
  std::size_t batch_records = 16;      ///< of one read, at most
  std::size_t unsynced_writes = 8;     ///< a store syncs by itself about once in so many writes
  std::chrono::nanoseconds log_delay{};
  std::chrono::nanoseconds network_delay{};
  std::chrono::nanoseconds think_time{};
  std::chrono::nanoseconds fold_delay{};
  std::chrono::nanoseconds fault_interval{};  ///< between occasions at which something may happen to a node
  fault_rates faults{};

  [[nodiscard]] static plan draw(chance& luck);
};

}  // namespace foldlog::test
