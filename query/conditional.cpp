#include "query/conditional.h"

#include "core/base/hash.h"
#include "query/field_list.h"

namespace foldlog::query {

std::string entity_tag(std::string_view bytes) {
  thread_local sha256 digest;
  digest.update(bytes);
  return '"' + hex(digest.finish_prefix(), 16) + '"';
}

std::string none_match_of(const http::request& request) {
  std::string joined;
  for (const auto& field : request.headers) {
    if (!http::equals_ignoring_case(field.name, "If-None-Match")) continue;
    if (!joined.empty()) joined += ',';
    joined += field.value;
  }
  return joined;
}

bool client_has(std::string_view none_match, std::string_view tag) {
  if (none_match == "*") return true;
  while (!none_match.empty()) {
    auto candidate = take_until(none_match, ',');
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate == tag) return true;
  }
  return false;
}

}  // namespace foldlog::query
