#include "tools/problem_routes.h"

#include <fmt/format.h>

namespace foldlog {

void add_problem_routes(http::router& to) {
  to.add(http::method::get, "/problems/{kind}",
         [](const http::request&, const http::path_parts& path, http::responder answer) {
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
