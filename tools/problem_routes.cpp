#include "tools/problem_routes.h"

#include <fmt/format.h>

#include "core/http/negotiation.h"

namespace foldlog {

void add_problem_routes(http::router& to) {
  to.add(http::method::get, "/problems/{kind}",
         [](const http::request& of, const http::path_parts& path, http::responder answer) {
           if (const auto query = http::parse_query(of.query, {}); !query) return answer(http::render(query.error()));
           if (!http::accepts(of, "application/json")) {
             return answer(http::render(
                 {.kind = http::problem_kind::not_acceptable, .detail = "problems are explained as application/json"}));
           }
           const auto kind = http::find_problem(path[0]);
           if (!kind) {
             return answer(http::render({.kind = http::problem_kind::unknown_route,
                                         .detail = fmt::format("there is no problem '{}'", path[0])}));
           }
           http::response explained;
           explained.status = http::status::ok;
           explained.content_type = "application/json";
           explained.body = fmt::format(R"({{"type":"/problems/{}","title":)", http::name(*kind));
           http::append_json_string(explained.body, http::title(*kind));
           explained.body += fmt::format(R"(,"status":{},"explanation":)", http::status_of(*kind));
           http::append_json_string(explained.body, http::explanation(*kind));
           explained.body += '}';
           answer(std::move(explained));
         });
}

}  // namespace foldlog
