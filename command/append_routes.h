#pragma once

#include <string_view>

#include "command/command_routes.h"

namespace foldlog {

/// `POST /v1/streams/<domain>/{category}/{id}`: a client's events, all of them or none, after the version that it
/// decided on. The body is `[{"type","data"}, …]`, 1 to `append_events_max`; head fields, idempotency and answer are a
/// command's (API.md section 2). For a domain whose categories are all event_category; its schemas stand in the
/// context's registry.
void add_append_routes(http::router& to, command_context_of_routes& context, std::string_view domain);

constexpr std::size_t append_events_max = 500;

}  // namespace foldlog
