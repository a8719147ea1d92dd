#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/http/problem.h"

namespace foldlog::http {

/// The parts of a path that a pattern's names took, percent-decoded, in the pattern's order.
using path_parts = std::vector<std::string>;

using handler = std::function<void(const request&, const path_parts&, responder)>;

/// What a route's answers say about it in their head, whatever they are.
struct route_marks {
  std::string_view accept_query = {};                 ///< Accept-Query: what a QUERY of this path may bring
  std::optional<std::int64_t> deprecated_since = {};  ///< Deprecation (RFC 9745), unix seconds
  std::optional<std::int64_t> sunset = {};            ///< Sunset (RFC 8594), unix seconds
};

/// Which handler answers which method and path. Pure. Patterns: `/v1/views/{domain}/{view}/{key...}`: a name takes one
/// segment, a name with dots all that is left (at least one byte). A fixed segment is preferred to a name.
///
/// HEAD goes where GET goes; OPTIONS is answered here (204 with Allow, also for `*`); CONNECT, TRACE and methods the
/// path does not have: 405 with Allow; no such path: 404 unknown-route; an unknown method: 501.
class router {
 public:
  router();
  ~router();
  /// The pattern names the route in metrics.
  void add(method of, std::string_view pattern, handler with, route_marks marks = {});
  /// Its clients are told to leave it. Error: invalid (there is no such route, or a sunset before the deprecation).
  [[nodiscard]] result<void> deprecate(method of, std::string_view pattern, std::int64_t since,
                                       std::optional<std::int64_t> sunset);
  struct entry {
    method of;
    std::string_view pattern;
    route_marks marks;
  };
  /// All routes, in the order of preference.
  [[nodiscard]] std::vector<entry> entries() const;
  /// Calls the handler or answers itself. Gives the pattern that matched (empty for none), for metrics.
  std::string_view handle(const request& of, responder answer) const;

 private:
  std::string_view handle_without_route(const request& of, responder answer) const;

  struct route;
  std::vector<std::unique_ptr<route>> routes_;
};

/// The query's parameters, decoded (`application/x-www-form-urlencoded` bytes). A name that is not allowed or stands
/// twice: invalid-parameter.
struct query_parameters {
  std::vector<std::pair<std::string, std::string>> all;
  [[nodiscard]] const std::string* find(std::string_view name) const;
};
[[nodiscard]] std::expected<query_parameters, problem> parse_query(std::string_view query,
                                                                   std::initializer_list<std::string_view> allowed);
/// Percent-decoding of a path segment; false on a malformed escape.
[[nodiscard]] bool percent_decode(std::string_view text, std::string& decoded);

}  // namespace foldlog::http
