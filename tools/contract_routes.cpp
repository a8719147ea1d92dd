#include "tools/contract_routes.h"

#include <fmt/format.h>

#include "contract_texts.h"
#include "core/http/negotiation.h"

namespace foldlog {
namespace {

http::response answer_with(const http::request& of, std::string_view type, std::string_view text) {
  if (const auto query = http::parse_query(of.query, {}); !query) return http::render(query.error());
  if (!http::accepts(of, type.substr(0, type.find(';')))) {
    return http::render({.kind = http::problem_kind::not_acceptable, .detail = fmt::format("this is {}", type)});
  }
  http::response answer;
  answer.status = http::status::ok;
  answer.content_type = type;
  answer.body = text;
  return answer;
}

}  // namespace

void add_contract_routes(http::router& to, const std::shared_ptr<const contract_documents>& documents) {
  const auto get = [&to](std::string_view path, const auto& make) {
    to.add(http::method::get, path,
           [make](const http::request& of, const http::path_parts&, http::responder answer) { answer(make(of)); });
  };
  get("/openapi.json",
      [documents](const http::request& of) { return answer_with(of, "application/json", documents->openapi); });
  get("/asyncapi.json",
      [documents](const http::request& of) { return answer_with(of, "application/json", documents->asyncapi); });
  get("/docs", [](const http::request& of) {
    auto page = answer_with(of, "text/html; charset=utf-8", contracts::docs_html);
    // The page brings all it needs; nothing that somebody smuggled into a document runs or leaves.
    page.add("Content-Security-Policy",
             "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    return page;
  });
}

}  // namespace foldlog
