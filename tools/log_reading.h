#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/log/event_log.h"

namespace foldlog {

/// Reads partitions on the calling thread, from their starts up to and with `last`, and beyond it as long as `follow`
/// says so. `visit` gets every record in offset order per partition; false ends it. `idle` is called when there is
/// nothing at present.
struct blocking_read {
  std::vector<event_log::start> starts;
  token last;
  std::function<bool()> follow = [] { return false; };
  std::function<bool(partition_id, const record&)> visit;
  std::function<void()> idle = [] {};
};
[[nodiscard]] result<void> read_blocking(event_log& log, const blocking_read& what);

}  // namespace foldlog
