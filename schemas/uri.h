#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace foldlog {

/// The parts of a URI reference (RFC 3986); what is absent is not the same as what is empty.
struct uri_parts {
  std::optional<std::string_view> scheme = {};
  std::optional<std::string_view> authority = {};
  std::string_view path = {};
  std::optional<std::string_view> query = {};
  std::optional<std::string_view> fragment = {};

  /// As the expression of RFC 3986 appendix B splits it; whether the characters are allowed is another question.
  [[nodiscard]] static uri_parts split(std::string_view text);
};

/// The reference as seen from the base (RFC 3986 section 5.2), with its fragment. An empty base leaves it as it is.
[[nodiscard]] std::string resolve_uri(std::string_view base, std::string_view reference);

/// Whether the text keeps to the grammar of a URI reference: its characters, percent signs, authority.
[[nodiscard]] bool is_uri_reference(std::string_view text);

/// `%2F` and its like as the bytes they stand for; what is no escape stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace foldlog
