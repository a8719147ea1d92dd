#pragma once

#include <memory>

#include "core/http/router.h"
#include "query/query_context.h"

namespace foldlog::query {

/// `GET /v1/streams/{domain}/{category}/{id}` and `…/state`: a stream's events, and its state at any version (API.md
/// section 2, "Reads"). A token is honoured as on views.
void add_stream_routes(http::router& to, std::shared_ptr<const query_context> context);

}  // namespace foldlog::query
