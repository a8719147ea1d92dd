#include "tools/schema_routes.h"

#include <fmt/format.h>

#include "core/base/names.h"
#include "core/http/negotiation.h"
#include "query/conditional.h"

namespace foldlog {

namespace {

constexpr std::string_view json_type = "application/json";

// `Deposit.v1.json`; null when there is none.
const schema_registry::entry* find_schema(const schema_registry& schemas, std::string_view domain,
                                          std::string_view file) {
  constexpr std::string_view end = ".json";
  if (!file.ends_with(end)) return nullptr;
  file.remove_suffix(end.size());
  const auto named = event_type::parse(fmt::format("{}.{}", domain, file));
  return named ? schemas.find_entry(named->domain, named->event, named->schema_version) : nullptr;
}

http::response tagged(const http::request& of, std::string body) {
  http::response answer;
  const auto tag = query::entity_tag(body);
  const bool known = query::client_has(query::none_match_of(of), tag);
  answer.status = known ? http::status::not_modified : http::status::ok;
  answer.add("ETag", tag);
  if (known) return answer;
  answer.content_type = json_type;
  answer.body = std::move(body);
  return answer;
}

http::response refusal(http::problem_kind kind, std::string detail) {
  return http::render({.kind = kind, .detail = std::move(detail)});
}

std::optional<http::response> check(const http::request& of) {
  if (!http::accepts(of, json_type)) return refusal(http::problem_kind::not_acceptable, "schemas are application/json");
  if (!of.query.empty()) return refusal(http::problem_kind::invalid_parameter, "there are no query parameters here");
  return std::nullopt;
}

}  // namespace

void add_schema_routes(http::router& to, const schema_registry& schemas) {
  to.add(http::method::get, "/v1/schemas",
         [&schemas](const http::request& of, const http::path_parts&, http::responder answer) {
           if (auto refused = check(of)) return answer(std::move(*refused));
           std::string body = R"({"schemas":[)";
           for (const auto& [key, entry] : schemas.entries()) {
             if (body.back() != '[') body += ',';
             body += fmt::format(R"("/v1/schemas/{}/{}.v{}.json")", entry.domain, entry.name, entry.version);
           }
           answer(tagged(of, body + "]}"));
         });
  to.add(http::method::get, "/v1/schemas/{domain}/{schema}",
         [&schemas](const http::request& of, const http::path_parts& path, http::responder answer) {
           const auto* found = find_schema(schemas, path[0], path[1]);
           if (found == nullptr) {
             return answer(
                 refusal(http::problem_kind::unknown_route, fmt::format("there is no schema {}/{}", path[0], path[1])));
           }
           if (auto refused = check(of)) return answer(std::move(*refused));
           answer(tagged(of, found->text));
         });
}

}  // namespace foldlog
