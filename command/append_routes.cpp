#include "command/append_routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "command/event_category.h"
#include "command/posted_command.h"
#include "core/base/names.h"

namespace foldlog {
namespace {

using http::problem;
using http::problem_kind;
using http::refuse;

// The shape of the body; what the events hold is their schemas' business.
const validator& body_rules() {
  static const auto rules = *validator::compile(fmt::format(
      R"({{"type":"array","minItems":1,"maxItems":{},"items":{{"type":"object","properties":{{"type":{{"type":"string"}},"data":true}},
         "required":["type","data"],"additionalProperties":false}}}})",
      append_events_max));
  return rules;
}

// Every broken rule of every event, with the pointer into the body.
std::vector<violation> find_violations(const schema_registry& schemas, const category& of, json::element body) {
  auto found = body_rules().validate(body);
  if (!found.empty()) return found;
  std::size_t index = 0;
  for (const auto event : body.items()) {
    const auto place = fmt::format("/{}", index++);
    const auto type = event.find("type")->as_string();
    const auto named = event_type::parse(type);
    if (!named || std::ranges::find(of.event_types(), type) == of.event_types().end()) {
      found.push_back({place + "/type", "enum", fmt::format("is no event type of {}/{}", of.domain(), of.name())});
      continue;
    }
    const auto* rules = schemas.find(named->domain, named->event, named->schema_version);
    if (rules == nullptr) continue;
    for (auto& one : rules->validate(*event.find("data"))) {
      one.pointer.insert(0, place + "/data");
      found.push_back(std::move(one));
    }
  }
  return found;
}

std::expected<checked_command, problem> check_append(command_context_of_routes& context, const http::request& of,
                                                     std::string_view domain, const http::path_parts& path) {
  const auto* category = context.service.find(domain, path[0]);
  if (category == nullptr || category->has_state()) {
    return refuse(problem_kind::unknown_route,
                  fmt::format("there is no category {}/{} that takes clients' events", domain, path[0]));
  }
  auto posted = posted_command::read(context, of, path[1], "an append");
  if (!posted) return std::unexpected(posted.error());
  if (const auto violations = find_violations(context.schemas, *category, posted->body); !violations.empty())
    return std::unexpected(schema_problem("the events", violations));
  return make_checked(context, *category, path[1], event_category::append_command, posted->body, of.body,
                      std::move(posted->head));
}

}  // namespace

void add_append_routes(http::router& to, command_context_of_routes& context, std::string_view domain) {
  to.add(http::method::post, fmt::format("/v1/streams/{}/{{category}}/{{id}}", domain),
         [&context, domain = std::string(domain)](const http::request& of, const http::path_parts& path,
                                                  http::responder answer) {
           submit_posted(context, of, check_append(context, of, domain, path), std::move(answer));
         });
}

}  // namespace foldlog
