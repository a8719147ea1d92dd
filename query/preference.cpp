#include "query/preference.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "query/field_list.h"

namespace foldlog::query {
namespace {

constexpr std::chrono::seconds wait_default{5};
constexpr std::chrono::seconds wait_max{30};

// delta-seconds, bare or quoted; what is too large to count is as good as the maximum.
std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty()) return std::nullopt;
  std::chrono::seconds seconds{0};
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    seconds = std::min(seconds * 10 + std::chrono::seconds(digit - '0'), wait_max);
  }
  return seconds;
}

}  // namespace

std::chrono::milliseconds preferred_wait(const http::request& request) {
  for (const auto& field : request.headers) {
    if (!http::equals_ignoring_case(field.name, "Prefer")) continue;
    auto rest = field.value;
    while (!rest.empty()) {
      auto parameters = take_until(rest, ',');
      auto value = take_until(parameters, ';');
      if (const auto name = take_until(value, '='); !http::equals_ignoring_case(name, "wait")) continue;
      if (const auto seconds = parse_seconds(http::trim(value))) return *seconds;
    }
  }
  return wait_default;
}

}  // namespace foldlog::query
