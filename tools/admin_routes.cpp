#include "tools/admin_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace foldlog {
namespace {

http::response text_answer(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
  http::response answer;
  answer.status = status;
  answer.content_type = type;
  answer.body = std::move(body);
  return answer;
}

http::response readiness(const admin_context& context, const http::request& of) {
  const auto query = http::parse_query(of.query, {"verbose"});
  if (!query) return http::render(query.error());
  const auto checks = context.checks();
  const bool ready = std::ranges::all_of(checks, [](const auto& one) { return one.reason.empty(); });
  std::string body;
  if (query->find("verbose") != nullptr) {
    for (const auto& one : checks) {
      body += one.reason.empty() ? fmt::format("{}: ok\n", one.name) : fmt::format("{}: {}\n", one.name, one.reason);
    }
  }
  body += ready ? "ready\n" : "not ready\n";
  const int status = ready ? http::status::ok : http::status_of(http::problem_kind::not_ready);
  return text_answer(status, std::move(body));
}

void append_string(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format(R"("{}":)", name);
  http::append_json_string(out, value);
}

void append_names(std::string& out, std::string_view name, const std::vector<std::string>& names) {
  out += fmt::format(R"(,"{}":[)", name);
  for (const auto& one : names) {
    if (out.back() != '[') out += ',';
    http::append_json_string(out, one);
  }
  out += ']';
}

std::string partitions_json(const std::vector<command_service::partition_state>& all) {
  std::string body = "[";
  for (const auto& one : all) {
    body += body.size() > 1 ? ",{" : "{";
    append_string(body, "topic", one.topic);
    body += fmt::format(R"(,"partition":{},"owner":)", one.partition);
    if (one.owner.empty())
      body += "null";
    else
      http::append_json_string(body, one.owner);
    body += R"(,"epoch":)";
    if (one.epoch.empty())
      body += "null";
    else
      http::append_json_string(body, one.epoch);
    body += fmt::format(R"(,"end_offset":{},)", raw(one.end_offset));
    append_string(body, "state", one.state);
    if (one.state != "serving") body += ',', append_string(body, "reason", one.reason);
    if (one.shared) append_names(body, "standby", one.standby);
    body += '}';
  }
  return body + "]";
}

std::string projections_json(const std::vector<progress::entry>& all) {
  std::string body = "[";
  for (const auto& one : all) {
    body += body.size() > 1 ? ",{" : "{";
    append_string(body, "domain", one.domain);
    body += ',', append_string(body, "view", one.view);
    body += ',', append_string(body, "topic", one.at.topic);
    body += fmt::format(R"(,"partition":{},"position":)", one.at.partition);
    if (one.folded == no_offset)
      body += "null";
    else
      http::append_json_string(body, position{one.at, one.folded}.text());
    body += fmt::format(R"(,"lag":{},"rate":{:.1f},)", std::max<std::int64_t>(0, raw(one.end) - raw(one.folded) - 1),
                        one.events_per_second);
    append_string(body, "state", name(one.state));
    if (!one.reason.empty()) body += ',', append_string(body, "reason", one.reason);
    body += '}';
  }
  return body + "]";
}

}  // namespace

void add_admin_routes(http::router& to, admin_context context) {
  const auto shared = std::make_shared<const admin_context>(std::move(context));
  const auto get = [&to](std::string_view path, std::function<http::response(const http::request&)> make) {
    to.add(http::method::get, path,
           [make = std::move(make)](const http::request& of, const http::path_parts&, http::responder answer) {
             answer(make(of));
           });
  };
  get("/livez", [](const http::request&) { return text_answer(http::status::ok, "alive\n"); });
  get("/readyz", [shared](const http::request& of) { return readiness(*shared, of); });
  get("/metrics", [shared](const http::request&) {
    return text_answer(http::status::ok, shared->metrics(), "text/plain; version=0.0.4; charset=utf-8");
  });
  get("/admin/partitions", [shared](const http::request&) {
    return text_answer(http::status::ok, partitions_json(shared->partitions()), "application/json");
  });
  get("/admin/projections", [shared](const http::request&) {
    return text_answer(http::status::ok, projections_json(shared->projections()), "application/json");
  });
}

}  // namespace foldlog
