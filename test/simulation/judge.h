#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace foldlog::test {

/// A promise of DESIGN section 13 that was broken.
struct violation {
  std::string invariant;  ///< `I1` ... `I9`, `linearizable`, `live`
  std::string text;       ///< what was seen and what was due, one sentence
};

/// Remembers the first violation; a run ends there.
class judge {
 public:
  void complain(std::string_view invariant, std::string text) {
    if (!first_) first_ = violation{std::string(invariant), std::move(text)};
  }
  [[nodiscard]] bool content() const { return !first_.has_value(); }
  [[nodiscard]] const std::optional<violation>& first() const { return first_; }

 private:
  std::optional<violation> first_;
};

}  // namespace foldlog::test
