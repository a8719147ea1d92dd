#include "test/simulation/run.h"

namespace foldlog::test {

std::string_view seen_elsewhere(defect which) {
  // It takes a hand-over, another node's commit and a client's question to the old owner, all while one append of the
  // old owner, which landed before the new claim, is still on its way to be acknowledged.
  if (which == defect::proof_under_way_counts) return "not within 2,000 seeds: test/model has its counterexample";
  return {};
}

}  // namespace foldlog::test
