#pragma once

#include <string>

#include "schemas/json.h"

namespace foldlog::json {

/// A text that two values share exactly when they are `equal`: for sorting and for comparing many.
[[nodiscard]] std::string comparable(element value);

}  // namespace foldlog::json
