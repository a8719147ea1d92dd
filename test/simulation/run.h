#pragma once

#include <cstdint>
#include <optional>

#include "test/simulation/cluster.h"

namespace foldlog::test {

struct run_options {
  std::uint64_t seed = 1;
  std::size_t steps = 3000;  ///< things that happen before everything is mended and settles
  bool print = false;        ///< a readable trace on stdout
};

struct run_report {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;  ///< over everything that happened
  std::size_t steps = 0;   ///< that were done, or at which an invariant was broken
  std::optional<violation> broken;
  double virtual_seconds = 0;

  // What the run was made of.
  std::uint64_t commands = 0, attempts = 0, reads = 0, events_delivered = 0, resumes = 0;
  truth::counters log;
  std::uint64_t appends = 0;
  fault_counts faults;
};

/// The whole engine on one thread in virtual time: several nodes on one log, clients that ask them, faults of all
/// kinds; then everything is mended, settles, and is checked (DESIGN section 13). The same seed and the same build give
/// the same report.
[[nodiscard]] run_report run_simulation(const run_options& options);

}  // namespace foldlog::test
