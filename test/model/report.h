#pragma once

#include <string>
#include <vector>

#include "explorer.h"

namespace foldlog::test {

/// A scope that was gone through, with all rules or without one.
struct ran {
  scope in;
  defect without = defect::none;
  exploration what;
};

/// For people: numbers, and the counterexample when there is one, a line a step.
void print(const ran& one);
/// For programs: everything in one object.
[[nodiscard]] std::string as_json(const std::vector<ran>& all, const std::string& commit);

}  // namespace foldlog::test
