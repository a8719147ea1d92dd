#include "query/query_routes.h"

#include <cassert>
#include <utility>

#include "query/stream_routes.h"
#include "query/subscription.h"
#include "query/view_routes.h"

namespace foldlog::query {

void add_query_routes(http::router& to, query_context context) {
  assert(context.model && context.views != nullptr && context.log != nullptr && context.progress != nullptr);
  if (!context.alarm) context.alarm = make_alarm(context.executor);
  context.moments = std::make_shared<moment_cache>();
  const auto shared = std::make_shared<const query_context>(std::move(context));
  add_view_routes(to, shared);
  add_stream_routes(to, shared);
  add_subscription_routes(to, shared);
}

}  // namespace foldlog::query
