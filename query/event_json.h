#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/log/record.h"

namespace foldlog::query {

/// Where the events of one answer stand.
struct event_place {
  std::string_view topic;
  std::int32_t partition = 0;
};

/// The members of an event without the braces, on one line (line ends between the tokens of the data become spaces); a
/// correlation id that is not known is null:
///
///     "type":…,"id":"alice/4","version":4,"position":…,"time":…,
///     "command_id":…,"correlation_id":…,"data":{…}
void append_event_members(std::string& out, const record& event, const event_place& place);

}  // namespace foldlog::query
