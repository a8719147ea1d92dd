#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/base/planted.h"

namespace foldlog::test {

struct defect_entry {
  defect which;
  std::string_view name;     ///< `no-epoch-check`
  std::string_view meaning;  ///< what the engine does wrong, one sentence
};

/// All of them but `none`.
[[nodiscard]] std::span<const defect_entry> defects();
[[nodiscard]] std::optional<defect> find_defect(std::string_view name);
[[nodiscard]] std::string_view name(defect which);

/// Plants one while it lives.
class plant {
 public:
  explicit plant(defect which) { planted_defect = which; }
  ~plant() { planted_defect = defect::none; }
  plant(const plant&) = delete;
  plant& operator=(const plant&) = delete;
};

}  // namespace foldlog::test
