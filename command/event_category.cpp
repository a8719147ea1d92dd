#include "command/event_category.h"

#include <algorithm>

namespace foldlog {

namespace {

// All streams have the same state: none.
class no_state final : public aggregate_state {};

}  // namespace

state_pointer event_category::initial() const {
  static const auto none = std::make_shared<const no_state>();
  return none;
}

result<state_pointer> event_category::load(json::element) const { return initial(); }

void event_category::save(std::string& out, const aggregate_state&) const { out += "{}"; }

result<std::string_view> event_category::known_type(std::string_view type) const {
  const auto found = std::ranges::find(event_types_, type);
  if (found != event_types_.end()) return *found;
  return fail(error_kind::invalid, "nobody knows the event type " + std::string(type));
}

result<state_pointer> event_category::evolve(const aggregate_state&, std::string_view event_type, json::element) const {
  const auto known = known_type(event_type);
  if (!known) return std::unexpected(known.error());
  return initial();
}

result<decided_event> event_category::upcast(std::string_view event_type, json::element data) const {
  const auto known = known_type(event_type);
  if (!known) return std::unexpected(known.error());
  decided_event same{.type = *known, .data = {}};
  json::append(same.data, data);
  return same;
}

result<std::expected<decided, refusal>> event_category::decide(const aggregate_state&, std::string_view,
                                                               json::element data, const command_context&) const {
  decided outcome{.events = {}, .state = initial()};
  for (const auto event : data.items()) {
    const auto type = event.find("type");
    const auto content = event.find("data");
    const auto known = known_type(type ? type->as_string() : "");
    if (!known) return std::unexpected(known.error());
    if (!content) return fail(error_kind::invalid, "an event without data");
    auto& written = outcome.events.emplace_back();
    written.type = *known;
    json::append(written.data, *content);
  }
  return std::expected<decided, refusal>(std::move(outcome));
}

}  // namespace foldlog
