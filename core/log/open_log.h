#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/log/event_log.h"
#include "core/log/log_options.h"

namespace foldlog {

/// Opens the log that the options name; the only place that knows them all. Handlers are called on the executor.
/// Errors: invalid (the location is none; an option), not_found, conflict, damaged, unavailable.
[[nodiscard]] result<std::unique_ptr<event_log>> open_log(log_options options, boost::asio::any_io_executor executor);

}  // namespace foldlog
