#include <algorithm>
#include <expected>
#include <utility>

#include "core/http/router.h"
#include "core/http/text.h"

namespace foldlog::http {
namespace {

std::unexpected<problem> invalid(std::string detail) {
  return std::unexpected(problem{.kind = problem_kind::invalid_parameter, .detail = std::move(detail)});
}

// '+' is a space in a form, but only where it was sent as such: so before the escapes are undone.
bool decode_form_text(std::string_view text, std::string& decoded) {
  if (!text.contains('+')) return percent_decode(text, decoded);
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced, decoded);
}

}  // namespace

bool percent_decode(std::string_view text, std::string& decoded) {
  decoded.clear();
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return false;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return false;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

const std::string* query_parameters::find(std::string_view name) const {
  const auto found = std::ranges::find(all, name, [](const auto& each) { return std::string_view(each.first); });
  return found == all.end() ? nullptr : &found->second;
}

std::expected<query_parameters, problem> parse_query(std::string_view query,
                                                     std::initializer_list<std::string_view> allowed) {
  query_parameters parsed;
  while (!query.empty()) {
    const auto piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(piece.size() + 1, query.size()));
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    std::string name;
    std::string value;
    const bool decodable = decode_form_text(piece.substr(0, equals), name) &&
                           (equals == std::string_view::npos || decode_form_text(piece.substr(equals + 1), value));
    if (!decodable) return invalid("a query parameter has a malformed percent escape");
    if (std::ranges::find(allowed, std::string_view(name)) == allowed.end()) {
      return invalid("there is no query parameter " + name + " here");
    }
    if (parsed.find(name) != nullptr) return invalid("the query parameter " + name + " is given twice");
    parsed.all.emplace_back(std::move(name), std::move(value));
  }
  return parsed;
}

}  // namespace foldlog::http
