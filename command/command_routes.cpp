#include "command/command_routes.h"

#include <fmt/format.h>

#include <utility>

#include "command/command_answer.h"
#include "command/command_batch.h"
#include "command/command_forward.h"
#include "command/command_head.h"
#include "core/base/hash.h"
#include "core/base/names.h"
#include "core/http/negotiation.h"

namespace foldlog {
namespace {

using http::problem;
using http::problem_kind;
using http::refuse;

std::expected<checked_command, problem> check_request(command_context_of_routes& context, const http::request& of,
                                                      const http::path_parts& path) {
  const auto category = find_command(context.service, path[0], path[1], path[3]);
  if (!category) return std::unexpected(category.error());
  if (!http::is_content_type(of, "application/json")) {
    return refuse(problem_kind::unsupported_media_type, "a command's body is application/json");
  }
  if (!http::accepts(of, "application/json"))
    return refuse(problem_kind::not_acceptable, "the answer is application/json");
  if (!of.query.empty()) return refuse(problem_kind::invalid_parameter, "a command takes no query parameters");
  if (!is_stream_id(path[2])) {
    return refuse(problem_kind::invalid_id, "an id is 1-128 bytes of [A-Za-z0-9._~:@-], not '.' or '..'");
  }
  auto head = command_head::parse(of);
  if (!head) return std::unexpected(head.error());
  const auto data = context.parser.parse(of.body);
  if (!data) return refuse(problem_kind::malformed_json, data.error().text);
  auto ready = check_command(context, **category, path[2], path[3], *data, of.body, std::move(head->command_id),
                             head->expected_version);
  if (!ready) return ready;
  ready->wanted->correlation_id = std::move(head->correlation_id);
  ready->wanted->traceparent = std::move(head->traceparent);
  ready->forwarded = context.elsewhere != nullptr && of.count(forwarded_field) > 0;
  return ready;
}

void handle_command(command_context_of_routes& context, const http::request& of, const http::path_parts& path,
                    http::responder answer) {
  auto ready = check_request(context, of, path);
  if (!ready) return answer(http::render(ready.error()));
  const auto place = ready->place;
  submit_checked(
      context, std::move(*ready),
      [place, answer = std::move(answer)](const command_request& done, const command_outcome& outcome) mutable {
        answer(render_command(place, done, outcome));
      });
}

}  // namespace

problem schema_problem(std::string_view what, const std::vector<violation>& violations) {
  std::string members = R"(,"errors":[)";
  for (const auto& one : violations) {
    if (members.back() != '[') members += ',';
    members += R"({"pointer":)";
    http::append_json_string(members, one.pointer);
    members += R"(,"keyword":)";
    http::append_json_string(members, one.keyword);
    members += R"(,"detail":)";
    http::append_json_string(members, one.detail);
    members += '}';
  }
  members += ']';
  return {.kind = problem_kind::schema_violation,
          .detail = fmt::format("the data of {} breaks its schema in {} place(s)", what, violations.size()),
          .members = std::move(members)};
}

std::expected<const category*, problem> find_command(const command_service& service, std::string_view domain,
                                                     std::string_view category_name, std::string_view name) {
  const auto* found = service.find(domain, category_name);
  if (found == nullptr) {
    return refuse(problem_kind::unknown_route, fmt::format("there is no category {}/{}", domain, category_name));
  }
  if (!found->has_command(name)) {
    return refuse(problem_kind::unknown_command, fmt::format("{}/{} has no command {}", domain, category_name, name));
  }
  return found;
}

std::expected<checked_command, problem> check_command(command_context_of_routes& context, const category& of,
                                                      std::string_view stream_id, std::string_view name,
                                                      json::element data, std::string_view text, std::string command_id,
                                                      std::optional<std::uint64_t> expected_version) {
  if (const auto* schema = context.schemas.newest(of.domain(), name)) {
    if (const auto violations = schema->validator.validate(data); !violations.empty()) {
      return std::unexpected(schema_problem(name, violations));
    }
  }
  return make_checked(context, of, stream_id, name, data, text, std::move(command_id), expected_version);
}

checked_command make_checked(command_context_of_routes& context, const category& of, std::string_view stream_id,
                             std::string_view name, json::element data, std::string_view text, std::string command_id,
                             std::optional<std::uint64_t> expected_version) {
  checked_command ready;
  ready.of = &of;
  ready.place = {of.domain(), of.name(), partition_of(stream_id, context.partitions)};
  ready.wanted = std::make_unique<command>();
  auto& wanted = *ready.wanted;
  wanted.stream_id = stream_id;
  wanted.name = name;
  wanted.data = text;
  wanted.fresh_id = command_id.empty();
  wanted.command_id = wanted.fresh_id ? make_uuid7(context.time.now(), context.random) : std::move(command_id);
  wanted.expected_version = expected_version;
  wanted.hash = command_hash(name, data, expected_version, context.hash);
  return ready;
}

void submit_checked(command_context_of_routes& context, checked_command ready, answer_handler done) {
  auto& wanted = *ready.wanted;
  wanted.done = std::move(done);
  if (context.observe) {
    wanted.done = [&context, began = context.time.monotonic(), done = std::move(wanted.done)](
                      const command_request& of, command_outcome outcome) mutable {
      context.observe({of.name, outcome.kind, context.time.monotonic() - began});
      done(of, std::move(outcome));
    };
  }
  if (context.elsewhere != nullptr && !ready.forwarded) return submit_or_forward(context, std::move(ready));
  context.service.submit(*ready.of, std::move(ready.wanted));
}

void add_command_routes(http::router& to, command_context_of_routes& context) {
  to.add(http::method::post, "/v1/commands/{domain}/{category}/{id}/{command}",
         [&context](const http::request& of, const http::path_parts& path, http::responder answer) {
           handle_command(context, of, path, std::move(answer));
         });
  to.add(http::method::post, "/v1/commands",
         [&context](const http::request& of, const http::path_parts&, http::responder answer) {
           handle_command_batch(context, of, std::move(answer));
         });
}

}  // namespace foldlog
