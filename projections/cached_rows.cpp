#include "projections/cached_rows.h"

#include <fmt/format.h>

#include "core/base/names.h"

namespace foldlog {

view_scope::view_scope(const store& from, std::string_view domain, std::string_view view, std::size_t cache_bytes)
    : from_(&from), domain_(domain), view_(view), cache_bytes_(cache_bytes) {}

std::optional<std::string> view_scope::load(std::string_view key) const {
  auto found = from_->get(key);
  if (!found) throw store_failure(std::move(found.error()));
  return *std::move(found);
}

void check_view_key(std::string_view view, std::string_view key) {
  constexpr std::size_t key_bytes_max = 1024;
  if (key.empty() || key.size() > key_bytes_max) {
    throw std::invalid_argument(
        fmt::format("a key of {} bytes for view {}: 1 to {} are allowed", key.size(), view, key_bytes_max));
  }
  if (!is_valid_utf8(key)) throw std::invalid_argument(fmt::format("a key for view {} is not UTF-8", view));
}

}  // namespace foldlog
