#include "test/simulation/plan.h"

#include <algorithm>

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t roomy = 1U << 20;

// Off in half of the runs, now and then frequent.
std::uint32_t rate(chance& luck, std::uint32_t most) {
  if (luck.one_in(2)) return 0;
  return 1 + static_cast<std::uint32_t>(luck.below(luck.one_in(3) ? most : most / 4 + 1));
}

// Below `one` in one of `n` runs, below `other` in the rest.
std::uint64_t either(chance& luck, std::uint64_t n, std::uint64_t one, std::uint64_t other) {
  return luck.below(luck.one_in(n) ? one : other);
}

// A bound of from `least` to `least + span - 1` in one of `n` runs; else one that nothing meets.
std::uint64_t seldom_tight(chance& luck, std::uint64_t n, std::uint64_t least, std::uint64_t span,
                           std::uint64_t loose) {
  return luck.one_in(n) ? least + luck.below(span) : loose;
}

fault_rates draw_faults(chance& luck, bool exclusive) {
  fault_rates made;
  made.refused = rate(luck, 60);
  made.lost = rate(luck, 60);
  made.written = rate(luck, 80);
  made.slow = rate(luck, 100);
  made.read_error = rate(luck, 80);
  made.empty_read = rate(luck, 200);
  made.write_error = rate(luck, 200);
  made.get_error = luck.one_in(3) ? rate(luck, 20) : 0;
  made.power_loss = rate(luck, 1000);
  made.broken_answer = rate(luck, 80);
  made.broken_stream = rate(luck, 150);
  made.slow_consumer = rate(luck, 100);
  made.crash = rate(luck, 300);
  made.pause = rate(luck, 200);
  made.outage = rate(luck, 200);
  made.clock_jump = rate(luck, 200);
  made.lost_views = rate(luck, 200);
  if (exclusive) return made;
  made.late = rate(luck, 100);
  made.partial = rate(luck, 80);
  made.doubled = rate(luck, 80);
  made.misreported = rate(luck, 80);
  made.truncated = rate(luck, 150);
  made.ghost = rate(luck, 100);
  return made;
}

owner_options draw_owner(chance& luck) {
  owner_options made;
  made.waiting_commands = seldom_tight(luck, 6, 1, 3, 1000);
  made.in_flight_appends = 1 + either(luck, 3, 2, 8);
  made.pending_records = seldom_tight(luck, 6, 1, 4, 1000);
  made.append_bytes = seldom_tight(luck, 4, 400, 1200, roomy);
  made.hot_bytes = seldom_tight(luck, 2, 0, 1500, roomy);
  made.save_commits = 1 + either(luck, 2, 4, 30);
  made.save_after = std::chrono::milliseconds(1 + luck.below(60));
  made.proof_interval = std::chrono::microseconds(100 + luck.below(3000));
  made.deposed_pause = std::chrono::milliseconds(20 + luck.below(200));
  made.claim_retry = std::chrono::milliseconds(1 + luck.below(20));
  made.checking_time = std::chrono::milliseconds(5 + luck.below(60));
  if (luck.one_in(6)) made.window_commands = 2 + luck.below(5);
  return made;
}

}  // namespace

plan plan::draw(chance& luck) {
  plan made;
  made.exclusive = luck.one_in(5);
  made.partitions = 1 + static_cast<std::int32_t>(luck.below(3));
  made.nodes = made.exclusive ? 1 : 2 + luck.below(2);
  made.writers = 1 + luck.below(5);
  made.readers = 1 + luck.below(2);
  made.subscribers = 1 + luck.below(2);
  made.accounts = 1 + luck.below(6);
  made.records_refusals = luck.one_in(4);
  made.owner = draw_owner(luck);
  made.command_timeout = std::chrono::milliseconds(20 + luck.below(300));
  made.cache_bytes = seldom_tight(luck, 2, 0, 20'000, roomy);
  made.batch_records = 1 + either(luck, 2, 4, 40);
  made.unsynced_writes = 1 + either(luck, 2, 4, 40);
  made.log_delay = std::chrono::microseconds(20 + either(luck, 2, 400, 5000));
  made.network_delay = std::chrono::microseconds(10 + luck.below(1000));
  made.think_time = std::chrono::microseconds(100 + either(luck, 2, 1000, 8000));
  made.fold_delay = std::chrono::microseconds(50 + either(luck, 3, 20'000, 1000));
  made.fault_interval = std::chrono::microseconds(500 + luck.below(10'000));
  made.faults = draw_faults(luck, made.exclusive);
  if (luck.one_in(10)) {
    made.damage = static_cast<damage_kind>(1 + luck.below(5));
  }
  chance aside = luck;  // drawn apart: seeds from before there was a group, regressions.txt's too, keep their runs
  made.shared = !made.exclusive && aside.below(3) == 1;
  if (made.shared) made.faults.hand_over = 20 + static_cast<std::uint32_t>(aside.below(200));
  return made;
}

}  // namespace foldlog::test
