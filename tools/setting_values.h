#pragma once

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/configuration.h"

// Values of settings out of their text. Each gives what is wrong with it, or nothing.
namespace foldlog {

template <typename Integer>
std::optional<std::string> parse_integer(const std::string& value, Integer least, Integer most, Integer& to) {
  Integer number{};
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (code != std::errc() || end != value.data() + value.size() || number < least || number > most) {
    return fmt::format("is no number from {} to {}", least, most);
  }
  to = number;
  return std::nullopt;
}

[[nodiscard]] std::optional<std::string> parse_address(const std::string& value, listen_address& to);

/// `90`, `90s`, `15m`, `12h`, `7d`.
[[nodiscard]] std::optional<std::string> parse_seconds(const std::string& value, std::chrono::seconds& to);

}  // namespace foldlog
