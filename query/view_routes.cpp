#include "query/view_routes.h"

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

#include "core/base/names.h"
#include "core/http/negotiation.h"
#include "core/store/view_layout.h"
#include "query/conditional.h"
#include "query/cursor.h"
#include "query/failure.h"
#include "query/freshness.h"
#include "query/list_query.h"
#include "query/next_link.h"
#include "query/page.h"

namespace foldlog::query {
namespace {

using http::problem;
using http::problem_kind;
using http::refuse;

constexpr std::string_view json_type = "application/json";
constexpr std::size_t key_bytes_max = 1024;

struct view_place {
  const domain_model* domain = nullptr;
  const view_model* view = nullptr;
};

std::expected<view_place, problem> find_view(const query_context& context, const http::request& request,
                                             const std::string& domain, const std::string& view) {
  view_place place;
  place.domain = context.model->find(domain);
  if (place.domain == nullptr) return refuse(problem_kind::unknown_route, "there is no such domain");
  place.view = place.domain->find_view(view);
  if (place.view == nullptr)
    return refuse(problem_kind::unknown_view, fmt::format("the domain '{}' has no such view", domain));
  if (!http::accepts(request, json_type))
    return refuse(problem_kind::not_acceptable, "rows are given as application/json");
  return place;
}

result<std::shared_ptr<const moment>> look(const query_context& context, const view_place& place) {
  return context.moments->look(context, place.domain->name, place.view->name, place.view->topics);
}

// ---- one row

struct row_request {
  view_place place;
  std::string key;
  freshness asked;
  std::string none_match;  ///< the If-None-Match fields, joined; empty: there is none
};

std::expected<row_request, problem> parse_row_request(const query_context& context, const http::request& request,
                                                      const http::path_parts& parts) {
  row_request wanted;
  auto place = find_view(context, request, parts[0], parts[1]);
  if (!place) return std::unexpected(place.error());
  wanted.place = *place;
  const auto parameters = http::parse_query(request.query, {"token"});
  if (!parameters) return std::unexpected(parameters.error());
  if (parts[2].empty() || parts[2].size() > key_bytes_max || !is_valid_utf8(parts[2])) {
    return refuse(problem_kind::invalid_parameter, "a key is 1 to 1024 bytes of UTF-8");
  }
  wanted.key = parts[2];
  auto asked = parse_freshness(request, *parameters, wanted.place.view->topics, context.log->partitions());
  if (!asked) return std::unexpected(asked.error());
  wanted.asked = std::move(*asked);
  wanted.none_match = none_match_of(request);
  return wanted;
}

http::response row_answer(const query_context& context, const row_request& wanted, bool fresh) {
  const auto looked = look(context, wanted.place);
  if (!looked) return http::render(failure(looked.error(), "reading a view failed"));
  const auto& now = *looked;
  if (!fresh) return http::render(projection_behind(now->reached));
  const auto stored =
      now->rows->get(view_layout::row_key(wanted.place.domain->name, wanted.place.view->name, wanted.key));
  if (!stored) return http::render(failure(stored.error(), "reading a view failed"));
  http::response answer;
  if (!*stored) {
    answer = http::render({.kind = problem_kind::no_such_row, .detail = "the view has no row under this key"});
    answer.add("Foldlog-Position", now->position);
    return answer;
  }
  answer.body = view_layout::render_row(**stored);
  if (answer.body.empty())
    return http::render(failure({error_kind::damaged, "a stored row does not parse"}, "reading a view failed"));
  const auto tag = entity_tag(answer.body);
  answer.status = http::status::ok;
  answer.content_type = json_type;
  if (client_has(wanted.none_match, tag)) {
    answer = {.status = http::status::not_modified, .content_type = {}, .fields = {}, .body = {}, .stream = {}};
  }
  answer.add("ETag", tag);
  answer.add("Foldlog-Position", now->position);
  return answer;
}

// ---- a list

struct list_request {
  view_place place;
  list_query query;
  freshness asked;
  std::string next;  ///< the address of the next page, up to its cursor
};

std::expected<list_request, problem> parse_list_request(const query_context& context, const http::request& request,
                                                        const http::path_parts& parts) {
  list_request wanted;
  auto place = find_view(context, request, parts[0], parts[1]);
  if (!place) return std::unexpected(place.error());
  wanted.place = *place;
  const auto parameters =
      http::parse_query(request.query, {"limit", "prefix", "from", "to", "order", "index", "value", "cursor", "token"});
  if (!parameters) return std::unexpected(parameters.error());
  auto query = parse_list_query(wanted.place.domain->name, *wanted.place.view, *parameters);
  if (!query) return std::unexpected(query.error());
  wanted.query = std::move(*query);
  wanted.next = address_with(request, "cursor");
  auto asked = parse_freshness(request, *parameters, wanted.place.view->topics, context.log->partitions());
  if (!asked) return std::unexpected(asked.error());
  wanted.asked = std::move(*asked);
  return wanted;
}

// QUERY (draft-ietf-httpbis-safe-method-w-body): the parameters are the body, so that they may be long and stay out of
// logs. The link to the next page is a GET.
std::expected<list_request, problem> parse_list_query_request(const query_context& context,
                                                              const http::request& request,
                                                              const http::path_parts& parts) {
  if (!http::is_content_type(request, http::form_type)) {
    return refuse(problem_kind::unsupported_media_type, fmt::format("a query is {}", http::form_type));
  }
  if (!request.query.empty()) {
    return refuse(problem_kind::invalid_parameter, "a query's parameters stand in its body alone");
  }
  auto as_get = request;
  as_get.query = request.body;
  return parse_list_request(context, as_get, parts);
}

http::response list_answer(const query_context& context, const list_request& wanted, bool fresh) {
  const auto looked = look(context, wanted.place);
  if (!looked) return http::render(failure(looked.error(), "reading a view failed"));
  const auto& now = *looked;
  if (!fresh) return http::render(projection_behind(now->reached));
  const auto rows = read_page(*now->rows, wanted.place.domain->name, wanted.place.view->name, wanted.query);
  if (!rows) return http::render(failure(rows.error(), "reading a view failed"));
  http::response answer;
  answer.status = http::status::ok;
  answer.content_type = json_type;
  const auto cursor = rows->last ? encode_cursor(wanted.query.identity, *rows->last) : std::string();
  answer.body = render_page(*rows, cursor);
  answer.add("Foldlog-Position", now->position);
  if (rows->last) answer.add("Link", next_link(wanted.next, cursor));
  return answer;
}

// Parses while the request is there, answers when the view is fresh enough.
template <auto parse, auto answer>
http::handler make_handler(std::shared_ptr<const query_context> context) {
  return [context = std::move(context)](const http::request& request, const http::path_parts& parts,
                                        http::responder respond) {
    auto wanted = parse(*context, request, parts);
    if (!wanted) return respond(http::render(wanted.error()));
    if (wanted->asked.wanted.positions.empty()) return respond(answer(*context, *wanted, true));
    const auto asked = wanted->asked;
    when_fresh(*context, wanted->place.domain->name, wanted->place.view->name, asked,
               [context, wanted = std::move(*wanted), respond = std::move(respond)](bool fresh) mutable {
                 respond(answer(*context, wanted, fresh));
               });
  };
}

}  // namespace

void add_view_routes(http::router& to, std::shared_ptr<const query_context> context) {
  constexpr std::string_view list = "/v1/views/{domain}/{view}";
  constexpr http::route_marks takes_query{.accept_query = http::form_type};
  to.add(http::method::get, "/v1/views/{domain}/{view}/{key...}", make_handler<parse_row_request, row_answer>(context));
  to.add(http::method::query, list, make_handler<parse_list_query_request, list_answer>(context), takes_query);
  to.add(http::method::get, list, make_handler<parse_list_request, list_answer>(std::move(context)), takes_query);
}

}  // namespace foldlog::query
