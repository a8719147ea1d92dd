#pragma once

#include <memory>

#include "core/http/router.h"
#include "query/query_context.h"

namespace foldlog::query {

/// `GET /v1/events/{domain}/{category}`: the accepted events of a category as server-sent events, from any position on
/// and for as long as the client stays (API.md section 2, "Reads"). Each reads the log itself, with arbiters of its
/// own, no faster than its client takes it; all of it happens on the context's executor.
void add_subscription_routes(http::router& to, std::shared_ptr<const query_context> context);

}  // namespace foldlog::query
