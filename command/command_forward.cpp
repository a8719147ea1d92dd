#include "command/command_forward.h"

#include <fmt/format.h>

#include "core/http/message.h"

namespace foldlog {
namespace {

// The command id as a quoted string of RFC 8941: a bare one may begin with a quote.
std::string quoted_id(std::string_view id) {
  std::string text = "\"";
  for (const char c : id) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

http::outgoing make_request(const command_context_of_routes& context, const category& to, const command_request& of) {
  http::outgoing made;
  made.method = http::method::post;
  made.target = to.has_state() ? fmt::format("/v1/commands/{}/{}/{}/{}", to.domain(), to.name(), of.stream_id, of.name)
                               : fmt::format("/v1/streams/{}/{}/{}", to.domain(), to.name(), of.stream_id);
  made.fields = fmt::format("Content-Type: application/json\r\nIdempotency-Key: {}\r\n{}: {}\r\n",
                            quoted_id(of.command_id), forwarded_field, context.node);
  if (of.expected_version) made.fields += fmt::format("If-Match: \"{}\"\r\n", *of.expected_version);
  if (!of.correlation_id.empty()) made.fields += fmt::format("Foldlog-Correlation: {}\r\n", of.correlation_id);
  if (!of.traceparent.empty()) made.fields += fmt::format("traceparent: {}\r\n", of.traceparent);
  made.body = of.data;
  return made;
}

// What stays of a command on its way: the rest goes with the owner's answer.
struct journey {
  const category* of = nullptr;
  command_place place;
  partition_id at;
  bool in_order = false;
  bool in_doubt = false;  ///< an owner could not tell whether it was applied
  answer_handler done;
};

using journey_pointer = std::shared_ptr<journey>;

void begin(command_context_of_routes& context, const journey_pointer& on, std::unique_ptr<command> wanted);

void take_answer(command_context_of_routes& context, const journey_pointer& on, const command_request& of,
                 forward_outcome outcome) {
  using kind = forward_outcome::kind;
  switch (outcome.what) {
    case kind::answered:
      return on->done(
          of, {.kind = outcome_kind::relayed, .answer = std::make_shared<http::response>(std::move(outcome.answer))});
    case kind::here: {
      auto again = std::make_unique<command>();
      static_cast<command_request&>(*again) = of;
      again->was_in_doubt = on->in_doubt;
      return begin(context, on, std::move(again));
    }
    case kind::overloaded:
      return on->done(of, {.kind = on->in_doubt ? outcome_kind::unknown : outcome_kind::overloaded,
                           .detail = "too many commands wait for their partition's owner"});
    case kind::no_owner:
      return on->done(of, {.kind = outcome_kind::not_ready, .detail = std::move(outcome.reason)});
    case kind::in_doubt:
      return on->done(of, {.kind = outcome_kind::unknown, .detail = std::move(outcome.reason)});
  }
}

void forward(command_context_of_routes& context, const journey_pointer& on, command_request of) {
  of.fresh_id = false;  // whoever decides it looks whether it was applied
  forward_request wanted;
  wanted.at = {fmt::format("{}.{}", on->place.domain, on->place.category), on->place.partition};
  wanted.request = make_request(context, *on->of, of);
  wanted.in_doubt = on->in_doubt;
  if (on->in_order) wanted.order = fmt::format("{}/{}", wanted.at.topic, of.stream_id);
  wanted.until = of.deadline;
  wanted.done = [&context, on, of = std::move(of)](forward_outcome outcome) {
    take_answer(context, on, of, std::move(outcome));
  };
  context.elsewhere->forward(std::move(wanted));
}

void begin(command_context_of_routes& context, const journey_pointer& on, std::unique_ptr<command> wanted) {
  wanted->done = [&context, on](const command_request& of, command_outcome outcome) {
    const bool none_here = !context.service.takes_commands(on->at) && !context.service.halted(on->at);
    const bool undecided = outcome.kind == outcome_kind::not_ready || outcome.kind == outcome_kind::unknown;
    if (!undecided || !none_here) return on->done(of, std::move(outcome));
    on->in_doubt = on->in_doubt || outcome.kind == outcome_kind::unknown;
    forward(context, on, of);
  };
  context.service.submit(*on->of, std::move(wanted));
}

}  // namespace

void submit_or_forward(command_context_of_routes& context, checked_command ready) {
  const auto on = std::make_shared<journey>();
  on->of = ready.of;
  on->place = ready.place;
  on->at = context.service.place_of(*ready.of, ready.wanted->stream_id);
  on->in_order = ready.in_order;
  on->done = std::move(ready.wanted->done);
  begin(context, on, std::move(ready.wanted));
}

}  // namespace foldlog
