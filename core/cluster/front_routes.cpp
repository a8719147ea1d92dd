#include "core/cluster/front_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/base/hash.h"
#include "core/http/negotiation.h"
#include "core/http/problem.h"

namespace foldlog {
namespace {

using http::problem_kind;

constexpr int read_attempts = 3;

// What the server has taken off already (a compressed body) or adds itself counts too.
bool belongs_to_connection(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names{
      "content-encoding", "accept-encoding", "host",    "connection", "keep-alive", "transfer-encoding",
      "content-length",   "trailer",         "upgrade", "te",         "expect",     "proxy-connection"};
  return std::ranges::any_of(names, [&](std::string_view each) {
    return std::ranges::equal(name, each, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  });
}

http::outgoing copy_of(const http::request& of) {
  http::outgoing made;
  made.method = of.method == http::method::head ? http::method::get : of.method;
  made.target = of.path;
  if (!of.query.empty()) made.target.append("?").append(of.query);
  for (const auto& field : of.headers) {
    if (!belongs_to_connection(field.name))
      made.fields.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  made.body = of.body;
  return made;
}

const announcement* least_loaded(const membership& of, const peer_calls& calls, bool node_roles::* role,
                                 std::string_view domain) {
  const announcement* best = nullptr;
  std::size_t fewest = 0;
  for (const auto* node : of.picture().serving(role)) {
    const bool known = domain.empty() || std::ranges::any_of(node->topics, [&](std::string_view topic) {
                         return topic.substr(0, topic.find('.')) == domain;
                       });
    if (!known || node->instance == of.self().instance || !calls.reachable(node->endpoint)) continue;
    const auto load = calls.in_flight(node->endpoint);
    if (best == nullptr || load < fewest) best = node, fewest = load;
  }
  return best;
}

http::response no_node(std::string detail) {
  return http::render({.kind = problem_kind::not_ready, .detail = std::move(detail)});
}

// ---- commands

void answer_command(const forward_outcome& outcome, std::string_view command_id, http::responder& answer) {
  using kind = forward_outcome::kind;
  if (outcome.what == kind::overloaded) {
    return answer(http::render({.kind = problem_kind::overloaded, .detail = "too many commands wait at this front"}));
  }
  if (outcome.what == kind::in_doubt) {
    const auto advice = command_id.empty() ? std::string("send it again with the same command ids")
                                           : fmt::format("send it again with the same command id: {}", command_id);
    return answer(
        http::render({.kind = problem_kind::outcome_unknown, .detail = fmt::format("{}; {}", outcome.reason, advice)}));
  }
  answer(no_node(outcome.reason));
}

void pass_on(front_context& context, forward_request wanted, std::string command_id, http::responder answer) {
  wanted.until = context.time.monotonic() + context.command_timeout;
  wanted.done = [command_id = std::move(command_id), answer = std::move(answer)](forward_outcome outcome) mutable {
    if (outcome.what == forward_outcome::kind::answered) return answer(std::move(outcome.answer));
    answer_command(outcome, command_id, answer);
  };
  context.commands.forward(std::move(wanted));
}

void pass_on_command(front_context& context, const http::request& of, std::string_view domain,
                     std::string_view category, std::string_view stream_id, http::responder answer) {
  forward_request wanted;
  wanted.at = {fmt::format("{}.{}", domain, category), partition_of(stream_id, context.partitions)};
  wanted.request = copy_of(of);
  std::string id(of.header("Idempotency-Key").value_or(""));
  if (of.count("Idempotency-Key") == 0) {  // so that sending it again is the same command
    id = make_uuid7(context.time.now(), context.random);
    wanted.request.fields += fmt::format("Idempotency-Key: {}\r\n", id);
  }
  pass_on(context, std::move(wanted), std::move(id), std::move(answer));
}

void pass_on_batch(front_context& context, const http::request& of, http::responder answer) {
  forward_request wanted;
  wanted.request = copy_of(of);
  wanted.repeatable = false;  // its lines may lack ids
  pass_on(context, std::move(wanted), {}, std::move(answer));
}

// ---- reads

struct read_request {
  http::outgoing request;
  std::string domain;
  http::responder answer;
  int attempts = 0;
};

void send_read(front_context& context, const std::shared_ptr<read_request>& of) {
  const auto* node = least_loaded(context.of, context.calls, &node_roles::query, of->domain);
  if (node == nullptr) {
    const bool served = std::ranges::any_of(context.of.picture().serving(&node_roles::query), [&](const auto* one) {
      return std::ranges::any_of(one->topics, [&](const auto& topic) { return topic.starts_with(of->domain + "."); });
    });
    return of->answer(no_node(served ? "no query node can be reached at present"
                                     : fmt::format("no query node that serves {} is ready", of->domain)));
  }
  ++of->attempts;
  auto request = of->request;
  request.timeout = context.read_timeout;
  const bool sent =
      context.calls.send(*node, std::move(request), [&context, of, name = node->node](http::incoming outcome) {
        if (outcome.status == http::exchange_status::answered) return of->answer(std::move(outcome.answer));
        if (of->attempts < read_attempts) return send_read(context, of);  // a read may be done twice
        of->answer(no_node(fmt::format("node {} does not answer: {}", name, outcome.reason)));
      });
  if (!sent) of->answer(no_node("no query node can be reached at present"));
}

}  // namespace

const announcement* pick_command_node(const membership& of, const peer_calls& calls, const topic_partition& at) {
  const auto* owner = at.topic.empty() ? nullptr : of.picture().owner_of(at.topic, at.partition);
  if (owner != nullptr && owner->instance != of.self().instance && calls.reachable(owner->endpoint)) return owner;
  return least_loaded(of, calls, &node_roles::command, std::string_view(at.topic).substr(0, at.topic.find('.')));
}

void add_front_command_routes(http::router& to, front_context& context) {
  to.add(http::method::post, "/v1/commands/{domain}/{category}/{id}/{command}",
         [&context](const http::request& of, const http::path_parts& path, http::responder answer) {
           pass_on_command(context, of, path[0], path[1], path[2], std::move(answer));
         });
  to.add(http::method::post, "/v1/commands",
         [&context](const http::request& of, const http::path_parts&, http::responder answer) {
           pass_on_batch(context, of, std::move(answer));
         });
}

void add_front_append_routes(http::router& to, front_context& context, std::string_view domain) {
  to.add(http::method::post, fmt::format("/v1/streams/{}/{{category}}/{{id}}", domain),
         [&context, domain = std::string(domain)](const http::request& of, const http::path_parts& path,
                                                  http::responder answer) {
           pass_on_command(context, of, domain, path[0], path[1], std::move(answer));
         });
}

void add_front_read_routes(http::router& to, front_context& context) {
  const auto pass = [&context](const http::request& of, const http::path_parts& path, http::responder answer) {
    send_read(context, std::make_shared<read_request>(copy_of(of), path[0], std::move(answer)));
  };
  const std::string_view list = "/v1/views/{domain}/{view}";
  constexpr http::route_marks takes_query{.accept_query = http::form_type};
  to.add(http::method::query, list, pass, takes_query);
  to.add(http::method::get, list, pass, takes_query);
  for (const auto* pattern : {"/v1/views/{domain}/{view}/{key...}", "/v1/streams/{domain}/{category}/{id}",
                              "/v1/streams/{domain}/{category}/{id}/state", "/v1/events/{domain}/{category}"}) {
    to.add(http::method::get, pattern, pass);
  }
}

}  // namespace foldlog
