#include "query/event_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/http/problem.h"

namespace foldlog::query {

void append_event_members(std::string& out, const record& event, const event_place& place) {
  fmt::format_to(std::back_inserter(out), R"("type":"{}","id":"{}/{}","version":{},"position":"{}/{}@{}","time":")",
                 event.type, event.key, raw(event.version), raw(event.version), place.topic, place.partition,
                 raw(event.offset));
  append_time(out, event.time);
  out += R"(","command_id":)";
  http::append_json_string(out, event.command_id);
  out += R"(,"correlation_id":)";
  if (event.correlation_id.empty()) {
    out += "null";
  } else {
    http::append_json_string(out, event.correlation_id);
  }
  out += R"(,"data":)";
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  out += event.value;
  // JSON text has raw line ends between its tokens only, never within a string (RFC 8259, section 7).
  std::ranges::replace_if(out.begin() + begin, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace foldlog::query
