#include "tools/setting_values.h"

namespace foldlog {

std::optional<std::string> parse_address(const std::string& value, listen_address& to) {
  const auto colon = value.rfind(':');
  if (colon == std::string::npos || colon == 0) return "is no address:port";
  auto host = value.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  to.host = host;
  return parse_integer<std::uint16_t>(value.substr(colon + 1), 0, 65535, to.port);
}

std::optional<std::string> parse_seconds(const std::string& value, std::chrono::seconds& to) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(value.data() + value.size() - end));
  const std::int64_t seconds = unit.empty() || unit == "s" ? 1
                               : unit == "m"               ? 60
                               : unit == "h"               ? 3600
                               : unit == "d"               ? 86400
                                                           : 0;
  if (code != std::errc() || seconds == 0 || number < 0 || number > 1'000'000'000)
    return "is no time such as 90s, 15m, 12h or 7d";
  to = std::chrono::seconds(number * seconds);
  return std::nullopt;
}

}  // namespace foldlog
