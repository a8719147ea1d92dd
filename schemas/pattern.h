#pragma once

#include <memory>
#include <string_view>

#include "core/base/result.h"

namespace re2 {
class RE2;
}

namespace foldlog {

/// A regular expression of ECMA-262 (with the u flag), run in linear time by RE2.
class pattern {
 public:
  /// `invalid` for malformed ones and for look-around and back-references, which linear time rules out.
  [[nodiscard]] static result<pattern> compile(std::string_view text);

  pattern(pattern&&) noexcept;
  pattern& operator=(pattern&&) noexcept;
  ~pattern();

  /// Whether it matches anywhere in the text (UTF-8).
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  explicit pattern(std::unique_ptr<re2::RE2> program);
  std::unique_ptr<re2::RE2> program_;
};

}  // namespace foldlog
