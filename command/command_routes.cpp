#include "command/command_routes.h"

#include <fmt/format.h>

#include <utility>

#include "command/command_batch.h"
#include "command/command_forward.h"
#include "command/posted_command.h"
#include "core/base/hash.h"

namespace foldlog {
namespace {

using http::problem;
using http::problem_kind;
using http::refuse;

std::expected<checked_command, problem> check_request(command_context_of_routes& context, const http::request& of,
                                                      const http::path_parts& path) {
  const auto category = find_command(context.service, path[0], path[1], path[3]);
  if (!category) return std::unexpected(category.error());
  auto posted = posted_command::read(context, of, path[2], "a command");
  if (!posted) return std::unexpected(posted.error());
  return check_command(context, **category, path[2], path[3], posted->body, of.body, std::move(posted->head));
}

}  // namespace

problem schema_problem(std::string_view what, const std::vector<violation>& violations) {
  std::string members = R"(,"errors":)";
  append_violations(members, violations);
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
                                                      json::element data, std::string_view text, command_head head) {
  if (const auto* schema = context.schemas.newest(of.domain(), name)) {
    if (const auto violations = schema->validator.validate(data); !violations.empty()) {
      return std::unexpected(schema_problem(name, violations));
    }
  }
  return make_checked(context, of, stream_id, name, data, text, std::move(head));
}

checked_command make_checked(command_context_of_routes& context, const category& of, std::string_view stream_id,
                             std::string_view name, json::element data, std::string_view text, command_head head) {
  checked_command ready;
  ready.of = &of;
  ready.place = {of.domain(), of.name(), partition_of(stream_id, context.partitions)};
  ready.wanted = std::make_unique<command>();
  auto& wanted = *ready.wanted;
  wanted.stream_id = stream_id;
  wanted.name = name;
  wanted.data = text;
  wanted.fresh_id = head.command_id.empty();
  wanted.command_id = wanted.fresh_id ? make_uuid7(context.time.now(), context.random) : std::move(head.command_id);
  wanted.expected_version = head.expected_version;
  wanted.correlation_id = std::move(head.correlation_id);
  wanted.traceparent = std::move(head.traceparent);
  wanted.hash = command_hash(name, data, head.expected_version, context.hash);
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
           submit_posted(context, of, check_request(context, of, path), std::move(answer));
         });
  to.add(http::method::post, "/v1/commands",
         [&context](const http::request& of, const http::path_parts&, http::responder answer) {
           handle_command_batch(context, of, std::move(answer));
         });
}

}  // namespace foldlog
