#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/log/event_log.h"
#include "core/runtime/alarm.h"
#include "core/runtime/progress.h"
#include "core/store/store.h"
#include "query/moment.h"
#include "query/read_model.h"

namespace foldlog::query {

/// What the read side works with; everything outlives the router that the routes were added to.
struct query_context {
  std::shared_ptr<const read_model> model;
  const foldlog::store* views = nullptr;  ///< rows, checkpoints, streams and marks (core/store/view_layout.h)
  event_log* log = nullptr;
  foldlog::progress* progress = nullptr;
  boost::asio::any_io_executor executor;  ///< the server's; one thread at a time runs on it
  /// A number that no two states of the store share; whoever reads it twice and finds it unchanged knows that nothing
  /// was written in between. Empty: every read takes a snapshot and reads the checkpoints.
  std::function<std::uint64_t()> store_generation = {};
  foldlog::alarm alarm = {};                   ///< empty: real timers on the executor
  std::shared_ptr<moment_cache> moments = {};  ///< made by add_query_routes
};

}  // namespace foldlog::query
