#include "projections/view_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/hash.h"
#include "core/store/view_layout.h"
#include "schemas/json.h"

namespace foldlog {

result<std::vector<stored_view>> stored_views(const store_snapshot& from) {
  std::vector<stored_view> found;
  const auto at = from.iterate("c");
  for (at->seek("c"); at->valid();) {
    const auto key = at->key();
    const auto domain_end = key.find('\0');
    const auto view_end = domain_end == std::string_view::npos ? domain_end : key.find('\0', domain_end + 1);
    if (view_end == std::string_view::npos)
      return fail(error_kind::damaged, "a checkpoint's key in the store is malformed");
    stored_view next{std::string(key.substr(1, domain_end - 1)),
                     std::string(key.substr(domain_end + 1, view_end - domain_end - 1))};
    auto behind = view_layout::checkpoint_prefix(next.domain, next.view);
    behind.back() = '\1';
    if (next.view != view_layout::stream_view) found.push_back(std::move(next));
    at->seek(behind);
  }
  const auto status = at->status();
  if (!status) return std::unexpected(status.error());
  std::ranges::sort(found);
  return found;
}

result<void> visit_rows(const store_snapshot& from, std::string_view domain, std::string_view view,
                        const std::function<bool(std::string_view key, std::string_view row)>& visit) {
  const auto prefix = view_layout::row_prefix(domain, view);
  const auto at = from.iterate(prefix);
  for (at->seek(prefix); at->valid(); at->next()) {
    const auto key = at->key().substr(prefix.size());
    const auto row = view_layout::render_row(at->value());
    if (row.empty())
      return fail(error_kind::damaged, fmt::format("the row '{}' of view {}/{} is damaged", key, domain, view));
    if (!visit(key, row)) return {};
  }
  return at->status();
}

result<token> folded_position(const store_snapshot& from, std::string_view domain, std::string_view view) {
  token position;
  const auto prefix = view_layout::checkpoint_prefix(domain, view);
  const auto at = from.iterate(prefix);
  for (at->seek(prefix); at->valid(); at->next()) {
    const auto point = view_layout::checkpoint::decode(at->value());
    if (!point) return fail(error_kind::damaged, fmt::format("a checkpoint of view {}/{} is damaged", domain, view));
    const auto place = view_layout::checkpoint_place(at->key(), prefix);
    if (point->next > offset_t{0}) position.set(place.topic, place.partition, point->next - 1);
  }
  const auto status = at->status();
  if (!status) return std::unexpected(status.error());
  return position;
}

result<view_digest> digest_view(const store_snapshot& from, std::string_view domain, std::string_view view) {
  view_digest digest;
  sha256 hash;
  json::parser parser;
  std::string line;
  std::optional<error> malformed;
  const auto visited = visit_rows(from, domain, view, [&](std::string_view key, std::string_view row) {
    line.clear();
    json::append_string(line, key);
    line += '\t';
    const auto parsed = parser.parse(row);
    if (!parsed) {
      malformed = error{error_kind::damaged, fmt::format("the row '{}' of view {}/{} is no JSON: {}", key, domain, view,
                                                         parsed.error().text)};
      return false;
    }
    json::append_canonical(line, *parsed);
    line += '\n';
    hash.update(line);
    ++digest.rows;
    return true;
  });
  if (!visited) return std::unexpected(visited.error());
  if (malformed) return std::unexpected(*malformed);
  digest.digest = hash.finish();
  return digest;
}

}  // namespace foldlog
