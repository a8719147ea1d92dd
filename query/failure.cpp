#include "query/failure.h"

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/runtime/logging.h"

namespace foldlog::query {

http::problem failure(const error& cause, std::string_view doing) {
  // An id for people to look up in the log, nothing that behaviour depends on: it need not be handed in.
  thread_local const random_source random = system_random();
  const auto instance = make_uuid7(system_clock().now(), random);
  log(log_level::error, doing, {{"cause", cause.text}, {"kind", name(cause.kind)}, {"instance", instance}});
  if (cause.kind == error_kind::unavailable) {
    return {.kind = http::problem_kind::log_unavailable,
            .detail = "the log or the store cannot be read at present",
            .instance = instance};
  }
  return {.kind = http::problem_kind::internal, .detail = "the read failed inside this node", .instance = instance};
}

}  // namespace foldlog::query
