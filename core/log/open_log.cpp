#include "core/log/open_log.h"

#include <fmt/format.h>

#include "core/log/embedded_log.h"
#include "core/log/kafka_log.h"

namespace foldlog {

result<std::unique_ptr<event_log>> open_log(log_options options, boost::asio::any_io_executor executor) {
  if (options.location == "embedded") return open_embedded_log(options, std::move(executor));
  if (options.location.starts_with("kafka:")) return open_kafka_log(options, std::move(executor));
  return fail(error_kind::invalid,
              fmt::format("`{}` is no log: it is `embedded` or `kafka:host:port,…`", options.location));
}

}  // namespace foldlog
