#pragma once

#include <functional>
#include <string>
#include <vector>

#include "command/command_service.h"
#include "core/http/router.h"
#include "core/runtime/progress.h"

namespace foldlog {

/// One line of `/readyz?verbose`.
struct readiness_check {
  std::string name;
  std::string reason;  ///< empty: it is ready
};

struct admin_context {
  std::function<std::vector<readiness_check>()> checks;
  std::function<std::string()> metrics;
  std::function<std::vector<command_service::partition_state>()> partitions;
  std::function<std::vector<progress::entry>()> projections;
};

/// `/livez`, `/readyz`, `/metrics`, `/admin/partitions`, `/admin/projections` (API.md section 2).
void add_admin_routes(http::router& to, admin_context context);

}  // namespace foldlog
