#include "routes_rig.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace foldlog::test {

routes_rig::routes_rig(bool shared) : shared_(shared) {
  REQUIRE(schemas_.add(bank::schemas()));
  open(nullptr);
}

void routes_rig::open(std::shared_ptr<store> rows) {
  node_ = std::make_unique<command_node>(context_, storage_, std::move(rows), shared_);
  REQUIRE(node_->service.start());
  std::string why;
  REQUIRE(run_until(context_, [&] { return node_->service.ready(why); }));
  // NOLINTNEXTLINE(modernize-make-unique): an aggregate, its members by name
  routes_.reset(new command_context_of_routes{
      .service = node_->service, .schemas = schemas_, .time = node_->time, .random = system_random(), .partitions = 1});
  router_ = std::make_unique<http::router>();
  add_command_routes(*router_, *routes_);
}

void routes_rig::restart(bool keep_rows) {
  auto rows = keep_rows ? node_->rows : nullptr;
  bool drained = false;
  node_->service.drain(std::chrono::seconds(5), [&drained] { drained = true; });
  REQUIRE(run_until(context_, [&drained] { return drained; }));
  node_.reset();
  open(std::move(rows));
}

http::response routes_rig::post(std::string_view target, std::string_view body, sent_headers headers) {
  if (std::ranges::none_of(headers, [](const auto& one) { return one.name == "Content-Type"; })) {
    headers.push_back({"Content-Type", "application/json"});
  }
  std::erase_if(headers, [](const auto& one) { return one.name == "Content-Type" && one.value.empty(); });
  std::vector<http::header_field> fields;
  for (const auto& one : headers) fields.push_back({one.name, one.value});
  http::request request;
  request.method = http::method::post;
  request.method_text = "POST";
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.headers = fields;
  request.body = body;
  std::optional<http::response> answer;
  router_->handle(request, [&answer](http::response given) {
    REQUIRE_FALSE(answer);
    answer = std::move(given);
  });
  REQUIRE(run_until(context_, [&answer] { return answer.has_value(); }));
  return std::move(*answer);
}

http::response routes_rig::batch(std::string_view lines, sent_headers headers) {
  headers.push_back({"Content-Type", "application/x-ndjson"});
  return post("/v1/commands", lines, std::move(headers));
}

record_batch routes_rig::record_at(std::int64_t offset) {
  record_batch found;
  node_->log.fetch({0, 0}, offset_t{offset}, offset_t{offset}, [&found](result<record_batch> got) {
    REQUIRE(got);
    found = std::move(*got);
  });
  return found;
}

std::optional<std::string> field(const http::response& of, std::string_view name) {
  for (std::string_view rest = of.fields; !rest.empty();) {
    const auto end = rest.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(": "))
      return std::string(line.substr(name.size() + 2));
  }
  return std::nullopt;
}

std::string kind_of(std::string_view body) {
  constexpr std::string_view before = R"({"type":"/problems/)";
  if (!body.starts_with(before)) return {};
  body.remove_prefix(before.size());
  return std::string(body.substr(0, body.find('"')));
}

std::vector<std::string> lines_of(std::string_view body) {
  std::vector<std::string> lines;
  while (!body.empty()) {
    const auto end = body.find('\n');
    REQUIRE(end != std::string_view::npos);
    lines.emplace_back(body.substr(0, end));
    body.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace foldlog::test
