#pragma once

#include "core/http/router.h"

namespace foldlog {

/// `GET /problems/<kind>`: what a problem's `type` leads to.
void add_problem_routes(http::router& to);

}  // namespace foldlog
