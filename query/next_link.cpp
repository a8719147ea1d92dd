#include "query/next_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/http/router.h"

namespace foldlog::query {
namespace {

// What the HTTP edge lets through and RFC 3986 does not, so that nothing in it can end the link.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view never = R"("<>\^`{|})";
  for (const char c : text) {
    if (never.contains(c)) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

// The name as it is meant to be read: `%63ursor` is the cursor too.
bool names(std::string_view piece, std::string_view parameter) {
  std::string name;
  return http::percent_decode(piece.substr(0, piece.find('=')), name) && name == parameter;
}

}  // namespace

std::string address_with(const http::request& of, std::string_view parameter) {
  std::string address;
  append_escaped(address, of.path);
  char before = '?';
  auto rest = of.query;
  while (!rest.empty()) {
    const auto piece = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
    if (piece.empty() || names(piece, parameter)) continue;
    address += std::exchange(before, '&');
    append_escaped(address, piece);
  }
  address += before;
  return address.append(parameter).append("=");
}

std::string next_link(std::string_view address, std::string_view value) {
  return fmt::format(R"(<{}{}>; rel="next")", address, value);
}

}  // namespace foldlog::query
