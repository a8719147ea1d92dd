#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "contract_texts.h"
#include "core/http/problem.h"
#include "schemas/json.h"
#include "tools/contract.h"

namespace foldlog {
namespace {

using http::problem_kind;

std::string member(std::string_view name) {
  std::string text;
  json::append_string(text, name);
  return text + ':';
}

std::vector<problem_kind> all_problems() {
  std::vector<problem_kind> all;
  for (int kind = 0; kind <= static_cast<int>(problem_kind::version_not_supported); ++kind) {
    all.push_back(static_cast<problem_kind>(kind));
  }
  return all;
}

std::string problem_types() {
  std::string text = "[";
  for (const auto kind : all_problems()) {
    if (text.size() > 1) text += ',';
    text += fmt::format(R"({{"const":"/problems/{}","title":)", name(kind));
    json::append_string(text, title(kind));
    text += R"(,"description":)";
    json::append_string(text, explanation(kind));
    text += fmt::format(R"(,"x-status":{}}})", status_of(kind));
  }
  return text + ']';
}

std::string problem_names() {
  std::string text = "[";
  for (const auto kind : all_problems()) text += fmt::format("{}\"{}\"", text.size() > 1 ? "," : "", name(kind));
  return text + ']';
}

// One answer for each status that these problems have.
std::string problem_responses(json::element names) {
  std::map<int, std::vector<problem_kind>> by_status;
  for (const auto each : names.items()) {
    const auto kind = http::find_problem(each.as_string());
    assert(kind && "the template names problems of the table only");
    if (kind) by_status[status_of(*kind)].push_back(*kind);
  }
  std::string text;
  for (const auto& [status, kinds] : by_status) {
    std::string described;
    std::string types;
    for (const auto kind : kinds) {
      described += fmt::format("{}{}: {}.", described.empty() ? "" : " ", name(kind), title(kind));
      types += fmt::format("{}\"/problems/{}\"", types.empty() ? "" : ",", name(kind));
    }
    text += fmt::format(R"("{}":{{"description":)", status);
    json::append_string(text, described);
    if (http::render({.kind = kinds.front()}).fields.contains("Retry-After")) {
      text += R"(,"headers":{"Retry-After":{"$ref":"#/components/headers/RetryAfter"}})";
    }
    text += R"(,"content":{"application/problem+json":{"schema":{"allOf":[{"$ref":"#/components/schemas/Problem"},)";
    text += fmt::format(R"({{"properties":{{"type":{{"enum":[{}]}}}}}}]}}}}}}}},)", types);
  }
  return text;
}

std::string operation(json::element of, const http::router::entry& route) {
  std::string text = "{";
  for (const auto [name, value] : of.members()) {
    if (name != "responses" && name != "x-problems") text += member(name) + text_of(value) + ',';
  }
  text += fmt::format(R"("x-foldlog-route":"{} {}",)", http::name(route.of), route.pattern);
  if (route.marks.deprecated_since) text += R"("deprecated":true,)";
  text += R"("responses":{)";
  for (const auto [status, answer] : of.find("responses").value_or(json::element()).members()) {
    text += member(status) + text_of(answer) + ',';
  }
  text += problem_responses(of.find("x-problems").value_or(json::element()));
  return text + R"("default":{"$ref":"#/components/responses/Problem"}}})";
}

// OpenAPI 3.1 has no place for QUERY yet.
std::string method_member(http::method of) {
  if (of == http::method::query) return "x-query";
  std::string text(http::name(of));
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  return text;
}

class openapi {
 public:
  explicit openapi(const contract_source& from)
      : from_(from), template_(parse_template(parser_, contracts::openapi_json)) {}

  openapi_document make() {
    std::string text = "{";
    for (const auto [name, value] : template_.members()) {
      if (text.size() > 1) text += ',';
      text += member(name);
      if (name == "paths") {
        text += paths(value);
      } else if (name == "components") {
        text += components(value, text);
      } else {
        text += text_of(value);
      }
    }
    made_.text = put_words(text + '}', {{"problem_types", problem_types()}, {"problem_kinds", problem_names()}});
    return std::move(made_);
  }

 private:
  std::string paths(json::element known) {
    std::string text = "{";
    for (const auto* routes : {&from_.routes, &from_.admin_routes}) {
      for (const auto [pattern, item] : known.members()) append_path(text, pattern, item, *routes);
      for (const auto& route : *routes) {
        if (!is_known(known, route)) made_.missing.push_back(fmt::format("{} {}", http::name(route.of), route.pattern));
      }
    }
    return text + '}';
  }

  // Some routes are there for one domain alone: `/v1/streams/orders/{category}/{id}`.
  static bool is_route_of(std::string_view route, std::string_view pattern, std::string_view domain) {
    return route == pattern || route == address(pattern, {{"domain", std::string(domain)}});
  }

  [[nodiscard]] bool is_known(json::element known, const http::router::entry& route) const {
    return std::ranges::any_of(known.members(), [&](const auto& path) {
      return path.value.find(method_member(route.of)) &&
             (route.pattern == path.key || std::ranges::any_of(from_.domains.all(), [&](const auto& domain) {
                return is_route_of(route.pattern, path.key, domain.name());
              }));
    });
  }

  void append_path(std::string& text, std::string_view pattern, json::element item,
                   const std::vector<http::router::entry>& routes) {
    const auto parameters = item.find("parameters");
    std::string body = R"("parameters":)" + (parameters ? text_of(*parameters) : std::string("[]"));
    if (item.find("x-admin")) body += fmt::format(R"(,"servers":[{{"url":"{}"}}])", from_.admin_url);
    const auto each = item.find("x-each");
    for (const auto& words : expansions(each ? each->as_string() : std::string_view())) {
      const auto domain = std::ranges::find(words, "domain", &contract_words::value_type::first);
      std::string methods;
      for (const auto& route : routes) {
        if (!is_route_of(route.pattern, pattern, domain == words.end() ? std::string_view() : domain->second)) continue;
        if (const auto of = item.find(method_member(route.of)))
          methods += ',' + member(method_member(route.of)) + operation(*of, route);
      }
      if (methods.empty()) continue;
      if (text.size() > 1) text += ',';
      text += member(address(pattern, words)) + '{' + put_words(body + methods, words) + '}';
    }
  }

  static std::string address(std::string_view pattern, const contract_words& words) {
    std::string path(pattern);
    const auto replace = [&path](const std::string& part, const std::string& by) {
      if (const auto at = path.find(part); at != std::string::npos) path.replace(at, part.size(), by);
    };
    for (const auto& [word, by] : words) replace('{' + word + '}', by);
    replace("...}", "}");
    return path;
  }

  [[nodiscard]] std::vector<contract_words> expansions(std::string_view each) const {
    std::vector<contract_words> all;
    if (each.empty()) all.emplace_back();
    for (const auto& domain : from_.domains.all()) {
      if (each == "view") {
        for (const auto& view : domain.projections()) all.push_back(view_words(domain.name(), *view));
      }
      for (const auto& category : domain.categories()) {
        if (each == "category") all.push_back(category_words(*category));
        if (each == "command") append_commands(all, *category);
      }
    }
    return all;
  }

  [[nodiscard]] contract_words view_words(const std::string& domain, const projection& of) const {
    std::string indexes;
    for (const auto& index : of.indexes()) indexes += (indexes.empty() ? "" : ", ") + std::string(index.name);
    const auto view = std::string(of.view());
    return {{"domain", domain},
            {"view", view},
            {"index_names", indexes.empty() ? "none" : indexes},
            {"row_schema", schema_component(from_.domains, domain, row_name(view))}};
  }

  // The row of `open_accounts` is `OpenAccountsRow`.
  static std::string row_name(std::string_view view) {
    std::string name;
    bool capital = true;
    for (const char c : view) {
      if (c == '_') {
        capital = true;
        continue;
      }
      name += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      capital = false;
    }
    return name + "Row";
  }

  [[nodiscard]] contract_words category_words(const category& of) const {
    std::string types = "[";
    std::string schemas = "[";
    for (const auto& type : of.event_types()) {
      const auto* comma = types.size() > 1 ? "," : "";
      types += fmt::format("{}\"{}\"", comma, type);
      schemas += fmt::format(R"({}{{"$ref":"#/components/schemas/{}"}})", comma, event_component(from_.domains, type));
    }
    return {{"domain", std::string(of.domain())},
            {"category", std::string(of.name())},
            {"event_types", types + ']'},
            {"event_schemas", schemas + ']'}};
  }

  void append_commands(std::vector<contract_words>& all, const category& of) const {
    std::set<std::string> names;
    for (const auto& [key, schema] : from_.domains.schemas().entries()) {
      if (schema.domain != of.domain() || !of.has_command(schema.name) || !names.insert(schema.name).second) continue;
      all.push_back({{"domain", std::string(of.domain())},
                     {"category", std::string(of.name())},
                     {"command", schema.name},
                     {"command_schema", schema_component(from_.domains, of.domain(), schema.name)}});
    }
  }

  std::string components(json::element known, std::string_view referring) {
    std::string text = "{";
    for (const auto [name, value] : known.members()) {
      if (text.size() > 1) text += ',';
      text += member(name);
      auto part = text_of(value);
      if (name == "schemas") {
        part.pop_back();
        append_schemas(part, from_.domains, referring);
        part += '}';
      }
      text += part;
    }
    return text + '}';
  }

  const contract_source& from_;
  json::parser parser_;
  json::element template_;
  openapi_document made_;
};

}  // namespace

openapi_document make_openapi(const contract_source& from) { return openapi(from).make(); }

}  // namespace foldlog
