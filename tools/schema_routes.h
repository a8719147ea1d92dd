#pragma once

#include "core/http/router.h"
#include "schemas/registry.h"

namespace foldlog {

/// `GET /v1/schemas` (the addresses of all) and `GET /v1/schemas/{domain}/{Name}.v{N}.json`. The registry must outlive
/// the router.
void add_schema_routes(http::router& to, const schema_registry& schemas);

}  // namespace foldlog
