#include "tools/deprecated_route.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <sstream>

namespace foldlog {
namespace {

std::optional<std::int64_t> parse_day(const std::string& text) {
  int parts[3] = {};
  std::size_t at = 0;
  for (int& part : parts) {
    if (at > 0) {
      if (at >= text.size() || text[at] != '-') return std::nullopt;
      ++at;
    }
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + text.size(), part);
    if (code != std::errc()) return std::nullopt;
    at = static_cast<std::size_t>(end - text.data());
  }
  const std::chrono::year_month_day day(std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2])));
  if (at != text.size() || !day.ok()) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::sys_days(day)).time_since_epoch().count();
}

http::method method_of(std::string_view text) {
  for (int i = 0; i < static_cast<int>(http::method::other); ++i) {
    if (name(static_cast<http::method>(i)) == text) return static_cast<http::method>(i);
  }
  return http::method::other;
}

}  // namespace

std::optional<std::string> parse_deprecated_routes(const std::string& value, std::vector<deprecated_route>& to) {
  to.clear();
  std::stringstream lines(value);
  for (std::string line; std::getline(lines, line, ',');) {
    std::stringstream words(line);
    deprecated_route route;
    std::string since;
    std::string sunset;
    std::string more;
    words >> route.method >> route.pattern >> since >> sunset >> more;
    const auto from = parse_day(since);
    if (!from || !more.empty()) return "is not METHOD PATTERN SINCE [SUNSET], with dates such as 2026-12-01";
    route.since = *from;
    if (!sunset.empty()) {
      route.sunset = parse_day(sunset);
      if (!route.sunset) return fmt::format("has '{}' for a date such as 2026-12-01", sunset);
    }
    to.push_back(std::move(route));
  }
  return std::nullopt;
}

result<void> mark_deprecated(http::router& routes, const std::vector<deprecated_route>& which) {
  for (const auto& one : which) {
    if (auto marked = routes.deprecate(method_of(one.method), one.pattern, one.since, one.sunset); !marked) {
      return fail(error_kind::invalid, fmt::format("deprecated-routes: {}", marked.error().text));
    }
  }
  return {};
}

}  // namespace foldlog
