#pragma once

#include <vector>

#include "tools/configuration.h"

namespace foldlog {

/// Adds the settings of the HTTP edge: limits, time-outs, connections, compression, TLS, the access log.
void add_edge_settings(std::vector<setting>& to);

/// What only all settings together show; gives what is wrong.
[[nodiscard]] std::optional<std::string> check_edge(const configuration& with);

}  // namespace foldlog
