#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/http/problem.h"

namespace foldlog::query {

/// What a reader is told when we could not do our part. The cause goes to the log, with the id that the problem carries
/// in `instance`; unavailable becomes log_unavailable, all else internal.
[[nodiscard]] http::problem failure(const error& cause, std::string_view doing);

}  // namespace foldlog::query
