#pragma once

#include <memory>

#include "core/http/router.h"
#include "query/query_context.h"

namespace foldlog::query {

/// `GET /v1/views/{domain}/{view}/{key...}` and `GET /v1/views/{domain}/{view}`: rows and lists of them (API.md section
/// 2, "Reads").
void add_view_routes(http::router& to, std::shared_ptr<const query_context> context);

}  // namespace foldlog::query
