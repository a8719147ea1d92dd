#pragma once

#include "core/http/router.h"
#include "query/query_context.h"

namespace foldlog::query {

/// Adds every route of the read side: views, streams and their states, subscriptions. Requests must be handled on the
/// context's executor.
void add_query_routes(http::router& to, query_context context);

}  // namespace foldlog::query
