#pragma once

#include <cstdint>

namespace foldlog {

/// Counts what the process takes with `new` from here on.
class allocations {
 public:
  allocations();
  [[nodiscard]] std::uint64_t since() const;

 private:
  std::uint64_t before_;
};

}  // namespace foldlog
