#pragma once

#include "tools/domain.h"

namespace foldlog::bank {

/// The example domain (API.md section 5).
[[nodiscard]] foldlog::domain domain();

}  // namespace foldlog::bank
