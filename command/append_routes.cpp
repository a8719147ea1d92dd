#include "command/append_routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "command/command_head.h"
#include "command/event_category.h"
#include "core/base/hash.h"
#include "core/base/names.h"
#include "core/http/negotiation.h"

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
  if (!http::is_content_type(of, "application/json"))
    return refuse(problem_kind::unsupported_media_type, "events are appended as application/json");
  if (!http::accepts(of, "application/json"))
    return refuse(problem_kind::not_acceptable, "the answer is application/json");
  if (!of.query.empty()) return refuse(problem_kind::invalid_parameter, "an append takes no query parameters");
  if (!is_stream_id(path[1]))
    return refuse(problem_kind::invalid_id, "an id is 1-128 bytes of [A-Za-z0-9._~:@-], not '.' or '..'");
  auto head = command_head::parse(of);
  if (!head) return std::unexpected(head.error());
  const auto body = context.parser.parse(of.body);
  if (!body) return refuse(problem_kind::malformed_json, body.error().text);
  if (const auto violations = find_violations(context.schemas, *category, *body); !violations.empty())
    return std::unexpected(schema_problem("the events", violations));
  auto ready = make_checked(context, *category, path[1], event_category::append_command, *body, of.body,
                            std::move(head->command_id), head->expected_version);
  ready.wanted->correlation_id = std::move(head->correlation_id);
  ready.wanted->traceparent = std::move(head->traceparent);
  ready.forwarded = context.elsewhere != nullptr && of.count(forwarded_field) > 0;
  return ready;
}

}  // namespace

void add_append_routes(http::router& to, command_context_of_routes& context, std::string_view domain) {
  to.add(http::method::post, fmt::format("/v1/streams/{}/{{category}}/{{id}}", domain),
         [&context, domain = std::string(domain)](const http::request& of, const http::path_parts& path,
                                                  http::responder answer) {
           auto ready = check_append(context, of, domain, path);
           if (!ready) return answer(http::render(ready.error()));
           const auto place = ready->place;
           submit_checked(context, std::move(*ready),
                          [place, answer = std::move(answer)](const command_request& done,
                                                              const command_outcome& outcome) mutable {
                            answer(render_command(place, done, outcome));
                          });
         });
}

}  // namespace foldlog
