#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"

namespace foldlog::query {

/// A strong entity tag of these bytes, with its quotes.
[[nodiscard]] std::string entity_tag(std::string_view bytes);

/// The values of all If-None-Match fields as one list; empty when there are none.
[[nodiscard]] std::string none_match_of(const http::request& request);

/// Whether If-None-Match says that the client has this representation already: `*`, or one of its tags equals this one
/// by weak comparison (RFC 9110, section 13.1.2). What is no list of tags matches nothing.
[[nodiscard]] bool client_has(std::string_view none_match, std::string_view tag);

}  // namespace foldlog::query
