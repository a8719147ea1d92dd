#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/log/event_log.h"
#include "core/log/log_options.h"

namespace foldlog {

/// A log in RocksDB, in the folder `log` within `options.data`; one process writes it, others may read it beside that.
///
/// - Appends are durable when acknowledged: one sync for all that wait.
/// - A write that fails leaves its appends unknown. From then on appends are refused as `unavailable` and health() says
/// why, until
///   the disk takes data again; then the store is reopened by itself, which shows what of the failed write is there.
/// - `read_only`: sees what the server has written (also while that runs), looks for more every 50 ms, refuses appends.
///
/// Do not call close(), or destroy the log, from within a ready handler.
/// Errors: conflict (in use; another partition count; another format), not_found, damaged, unavailable, invalid.
[[nodiscard]] result<std::unique_ptr<event_log>> open_embedded_log(const log_options& options,
                                                                   boost::asio::any_io_executor executor);

}  // namespace foldlog
