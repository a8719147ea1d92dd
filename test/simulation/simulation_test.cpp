#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string>

#include "core/runtime/logging.h"
#include "test/planted/planted.h"
#include "test/simulation/run.h"

namespace foldlog::test {
namespace {

constexpr std::uint64_t seeds_max = 2000;

std::string told(const run_report& of) {
  return of.broken ? fmt::format("seed {}: {}: {}", of.seed, of.broken->invariant, of.broken->text) : "clean";
}

TEST_CASE("the same seed gives the same run to the last step") {
  set_log_level(log_level::off);
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto first = run_simulation({.seed = seed});
    const auto second = run_simulation({.seed = seed});
    CHECK(first.hash == second.hash);
    CHECK(first.steps == second.steps);
  }
  CHECK(run_simulation({.seed = 1}).hash != run_simulation({.seed = 2}).hash);
}

TEST_CASE("seeds that once broke something stay clean") {
  set_log_level(log_level::off);
  std::ifstream kept(SIMULATION_REGRESSIONS);
  std::size_t replayed = 0;
  for (std::string line; std::getline(kept, line);) {
    std::uint64_t seed = 0;
    if (line.starts_with('#') || !(std::istringstream(line) >> seed)) continue;
    CHECK(told(run_simulation({.seed = seed})) == "clean");
    ++replayed;
  }
  CHECK(replayed > 0);
}

TEST_CASE("every planted defect is seen") {
  set_log_level(log_level::off);
  for (const auto& [which, name, meaning] : defects()) {
    const plant planted(which);
    bool seen = false;
    for (std::uint64_t seed = 1; seed <= seeds_max && !seen; ++seed) {
      seen = run_simulation({.seed = seed}).broken.has_value();
    }
    CHECK_MESSAGE(seen, name);
  }
}

TEST_CASE("every kind of fault happens, and the clients get somewhere in spite of it") {
  set_log_level(log_level::off);
  fault_counts all;
  std::uint64_t commits = 0;
  std::uint64_t reads = 0;
  std::uint64_t resumes = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto report = run_simulation({.seed = seed});
    all.add(report.faults);
    commits += report.log.commits;
    reads += report.reads;
    resumes += report.resumes;
  }
  for (std::size_t i = 0; i < fault_names.size(); ++i) CHECK_MESSAGE(all[i] > 0, fault_names[i]);
  CHECK(commits > 3000);
  CHECK(reads > 3000);
  CHECK(resumes > 300);
}

}  // namespace
}  // namespace foldlog::test
