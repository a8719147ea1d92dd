#include "command/posted_command.h"

#include <fmt/format.h>

#include <utility>

#include "command/command_answer.h"
#include "core/base/names.h"
#include "core/http/negotiation.h"

namespace foldlog {

using http::problem;
using http::problem_kind;
using http::refuse;

std::expected<posted_command, problem> posted_command::read(command_context_of_routes& context,
                                                            const http::request& from, std::string_view stream_id,
                                                            std::string_view what) {
  if (!http::is_content_type(from, "application/json"))
    return refuse(problem_kind::unsupported_media_type, fmt::format("{}'s body is application/json", what));
  if (!http::accepts(from, "application/json"))
    return refuse(problem_kind::not_acceptable, "the answer is application/json");
  if (!from.query.empty())
    return refuse(problem_kind::invalid_parameter, fmt::format("{} takes no query parameters", what));
  if (!is_stream_id(stream_id))
    return refuse(problem_kind::invalid_id, "an id is 1-128 bytes of [A-Za-z0-9._~:@-], not '.' or '..'");
  auto head = command_head::parse(from);
  if (!head) return std::unexpected(head.error());
  const auto body = context.parser.parse(from.body);
  if (!body) return refuse(problem_kind::malformed_json, body.error().text);
  return posted_command{std::move(*head), *body};
}

void submit_posted(command_context_of_routes& context, const http::request& from,
                   std::expected<checked_command, problem> ready, http::responder answer) {
  if (!ready) return answer(http::render(ready.error()));
  ready->forwarded = context.elsewhere != nullptr && from.count(forwarded_field) > 0;
  const auto place = ready->place;
  submit_checked(
      context, std::move(*ready),
      [place, answer = std::move(answer)](const command_request& done, const command_outcome& outcome) mutable {
        answer(render_command(place, done, outcome));
      });
}

}  // namespace foldlog
