#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/router.h"
#include "schemas/json.h"
#include "tools/domain_set.h"

// What a node says of itself to machines. The documents are made of templates (tools/contracts): what is the same for
// all domains stands there as JSON, what a domain, a category, a command or a view brings is put in for each of them.
namespace foldlog {

struct contract_source {
  const domain_set& domains;
  std::vector<http::router::entry> routes;        ///< of the main listener
  std::vector<http::router::entry> admin_routes;  ///< of the admin listener
  std::string admin_url;                          ///< `http://127.0.0.1:8081`
  std::string log;                                ///< `embedded` or `kafka:host:port,…`
  std::int32_t partitions = 0;
  std::int32_t replicas = 0;
};

struct openapi_document {
  std::string text;
  std::vector<std::string> missing;  ///< routes that the template does not know, `GET /v1/…`: a mistake of ours
};

/// OpenAPI 3.1: every route, once for each domain, category, command or view that it serves.
[[nodiscard]] openapi_document make_openapi(const contract_source& from);

/// AsyncAPI 3.0: every topic with its events.
[[nodiscard]] std::string make_asyncapi(const contract_source& from);

// What the two share.

/// Lives until the parser parses again. That it is JSON is ours to see to.
[[nodiscard]] json::element parse_template(json::parser& parser, std::string_view text);
/// A word of the template and what takes its place.
using contract_words = std::vector<std::pair<std::string, std::string>>;
/// Replaces `$word$` within strings; `"$word$"` whole when the replacement is JSON (it begins with a bracket, brace or
/// digit).
[[nodiscard]] std::string put_words(std::string text, const contract_words& words);
/// The components of the schemas that `referring` refers to, `"bank.Deposit.v1":{…}`, each with a comma in front.
void append_schemas(std::string& out, const domain_set& domains, std::string_view referring);
/// `bank.Deposit.v1`, or the name of a component that takes any object when there is no such schema.
[[nodiscard]] std::string schema_component(const domain_set& domains, std::string_view domain, std::string_view name);
/// The same for an event of one version.
[[nodiscard]] std::string event_component(const domain_set& domains, std::string_view event_type);

}  // namespace foldlog
