#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"

namespace foldlog::query {

/// The request's own address up to where the parameter's value goes, all other parameters kept as they were sent:
/// `/v1/views/bank/accounts?limit=10&cursor=`. Escaped so that it can stand in a Link field (RFC 8288).
[[nodiscard]] std::string address_with(const http::request& of, std::string_view parameter);

/// `</v1/views/bank/accounts?limit=10&cursor=…>; rel="next"`; the value needs no escapes.
[[nodiscard]] std::string next_link(std::string_view address, std::string_view value);

}  // namespace foldlog::query
