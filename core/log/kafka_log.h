#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/log/event_log.h"
#include "core/log/log_options.h"

namespace foldlog {

/// Opens the topics of options.topics at the brokers of options.location (`kafka:host:port,…`); creates what is missing
/// when options say so. Handlers are called on the executor, ready handlers too; close() calls what is left from where
/// it is called.
///
/// When no broker answers within three seconds the log is given all the same: health() says so, appends are refused,
/// reads are unavailable, and it goes on trying; likewise later when the brokers go away. A setting that is found wrong
/// only then is named by health(), and the log stays refused until it is right.
///
/// Errors: invalid (location, a librdkafka setting), conflict (a topic's setting is not as it must be; fewer brokers
/// than replicas), not_found (a topic is missing and may not be created), unavailable (partitions = 0 and no broker
/// tells how many there are).
[[nodiscard]] result<std::unique_ptr<event_log>> open_kafka_log(const log_options& options,
                                                                boost::asio::any_io_executor executor);

}  // namespace foldlog
