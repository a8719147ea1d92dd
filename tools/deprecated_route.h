#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/http/router.h"
#include "tools/configuration.h"

namespace foldlog {

/// `METHOD PATTERN SINCE [SUNSET]`, dates as 2026-12-01, several joined by commas; gives what is wrong.
[[nodiscard]] std::optional<std::string> parse_deprecated_routes(const std::string& value,
                                                                 std::vector<deprecated_route>& to);

/// Error: invalid, for a route that the router does not have.
[[nodiscard]] result<void> mark_deprecated(http::router& routes, const std::vector<deprecated_route>& which);

}  // namespace foldlog
