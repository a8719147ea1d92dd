#pragma once

#include "core/base/result.h"
#include "tools/configuration.h"
#include "tools/domain_set.h"

namespace foldlog {

/// `foldlog serve`: runs a node until SIGTERM or SIGINT, then drains. Prints its `ready` line on stdout when it serves.
/// Errors: what kept it from starting.
[[nodiscard]] result<void> serve(const configuration& with, const domain_set& domains);

}  // namespace foldlog
