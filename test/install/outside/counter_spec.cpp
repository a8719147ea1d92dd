#include <iostream>

#include "command/specification.h"
#include "counter.h"

// Plain checks: no test framework is needed to try a decider.
int main() {
  using foldlog::given;
  using namespace tally;
  const foldlog::specified all[] = {
      given<counter>().when(count{3}).then(counted{3, 3}),
      given<counter>(counted{9, 9}).when(count{2}).then_refused(too_high{9}),
      given<counter>(counted{9, 9}).when(reset{}).then(set_back{}),
      given<counter>().when(reset{}).then_nothing(),
  };
  int failed = 0;
  for (const auto& one : all) {
    if (one) continue;
    std::cerr << one << '\n';
    ++failed;
  }
  return failed == 0 ? 0 : 1;
}
