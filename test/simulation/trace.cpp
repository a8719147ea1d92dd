#include "test/simulation/trace.h"

namespace foldlog::test {

void trace::line(const std::string& text) const {
  fmt::print("{:14.6f} ms  {}\n", static_cast<double>(time_().count()) / 1e6, text);
}

}  // namespace foldlog::test
