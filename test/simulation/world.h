#pragma once

#include <fmt/format.h>

#include "test/simulation/chance.h"
#include "test/simulation/commands.h"
#include "test/simulation/faults.h"
#include "test/simulation/judge.h"
#include "test/simulation/log_storage.h"
#include "test/simulation/plan.h"
#include "test/simulation/scheduler.h"
#include "test/simulation/sim_log.h"
#include "test/simulation/trace.h"
#include "test/simulation/truth.h"
#include "tools/domain_set.h"

namespace foldlog::test {

/// What all parts of one run share.
struct world {
  explicit world(std::uint64_t seed)
      : luck(seed),
        how(plan::draw(luck)),
        notes([this] { return time.now(); }),
        records("bank.account", how.partitions) {
    records.on_commit([this](std::int32_t partition, offset_t, const record& seen) { truth.see(partition, seen); });
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  [[nodiscard]] bool calm() const { return log.calm; }
  [[nodiscard]] bool fails(std::uint32_t rate) { return !log.calm && luck.per_mille(rate); }
  /// Every partition's end.
  [[nodiscard]] std::vector<offset_t> ends() const {
    std::vector<offset_t> all;
    for (std::int32_t partition = 0; partition < how.partitions; ++partition) all.push_back(records.end(partition));
    return all;
  }

  scheduler time;
  chance luck;
  plan how;
  trace notes;
  fault_counts faults;
  test::judge judge;
  log_storage records;
  log_world log{time, luck.fork(), notes, how, records, faults};
  command_book book;
  test::truth truth{judge, book, how.partitions, how.owner.window_commands};
  bool steady = false;  ///< the last phase: whatever is asked now must be answered
};

/// The bank, put together as the program does it; with a decider that records its refusals, or without.
[[nodiscard]] const domain_set& bank_domains(bool records_refusals);

}  // namespace foldlog::test
