#pragma once

#include <vector>

#include "tools/domain.h"

namespace foldlog {

/// A whole server and its command line, for any domains:
///
///     int main(int argc, char** argv) {
///       foldlog::application app;
///       app.add(bank::domain());
///       return app.run(argc, argv);
///     }
class application {
 public:
  void add(domain more) { domains_.push_back(std::move(more)); }
  /// Exit status: 0 done, 1 failed (the reason on stderr), 2 wrong usage, 3 a check found damage.
  [[nodiscard]] int run(int argc, const char* const* argv);

 private:
  std::vector<domain> domains_;
};

}  // namespace foldlog
