#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scope.h"
#include "world.h"

namespace foldlog::test {

/// A way to a wrong state, the shortest there is within the scope (courses are tried in the order of their length).
struct counterexample {
  std::vector<std::string> steps;
  std::string wrong;
  std::string log;
};

struct exploration {
  std::uint64_t states = 0;  ///< that differ, nodes' names and nonces apart
  std::uint64_t transitions = 0;
  std::uint64_t recoveries = 0;  ///< courses to the end
  std::size_t depth = 0;         ///< of the longest shortest way
  std::uint64_t audited = 0;     ///< states taken for known ones whose successors were compared
  double seconds = 0;
  bool complete = false;  ///< nothing within the scope is left
  std::optional<counterexample> found = {};
};

struct limits {
  double seconds = 1e9;
  std::uint64_t audit_every = 0;  ///< 0: never
};

/// Every state that can be reached, breadth first; in each the invariants, and from each a fair course to the end.
[[nodiscard]] exploration explore(const scope& in, defect without, const limits& stop);

}  // namespace foldlog::test
