#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

// The grammars of API.md section 1.
namespace foldlog {

[[nodiscard]] bool is_name(std::string_view text);        ///< domain, category, view: [a-z][a-z0-9_]{0,39}
[[nodiscard]] bool is_stream_id(std::string_view text);   ///< 1-128 bytes of [A-Za-z0-9._~:@-], not "." or ".."
[[nodiscard]] bool is_type_name(std::string_view text);   ///< command, event: [A-Z][A-Za-z0-9]{0,59}
[[nodiscard]] bool is_command_id(std::string_view text);  ///< 1-128 visible ASCII characters (0x21-0x7e)
[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// `<domain>/<category>/<id>`: names one stream everywhere.
struct stream_name {
  std::string domain;
  std::string category;
  std::string id;

  [[nodiscard]] static result<stream_name> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string topic() const;  ///< `<domain>.<category>`
  auto operator<=>(const stream_name&) const = default;
};

/// `<domain>.<Event>.v<N>`: an event's type with the version of its schema.
struct event_type {
  std::string domain;
  std::string event;
  std::uint32_t schema_version = 1;

  [[nodiscard]] static result<event_type> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  auto operator<=>(const event_type&) const = default;
};

}  // namespace foldlog
