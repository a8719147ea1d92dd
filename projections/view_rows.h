#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/position.h"
#include "core/base/result.h"
#include "core/store/store.h"

namespace foldlog {

/// The views whose checkpoints a store holds, sorted; the stream table is not among them.
struct stored_view {
  std::string domain;
  std::string view;
  auto operator<=>(const stored_view&) const = default;
};
[[nodiscard]] result<std::vector<stored_view>> stored_views(const store_snapshot& from);

/// All rows of a view in byte order of the key, as JSON text, until `visit` says false. Errors: of the store; damaged.
[[nodiscard]] result<void> visit_rows(const store_snapshot& from, std::string_view domain, std::string_view view,
                                      const std::function<bool(std::string_view key, std::string_view row)>& visit);

/// How far the view has been folded in every partition that is not empty. Also of view_layout::stream_view.
[[nodiscard]] result<token> folded_position(const store_snapshot& from, std::string_view domain, std::string_view view);

/// The digest of API.md section 4: SHA-256, hex, over `canonical key TAB canonical row LF`, in byte order of the keys.
struct view_digest {
  std::uint64_t rows = 0;
  std::string digest;
};
[[nodiscard]] result<view_digest> digest_view(const store_snapshot& from, std::string_view domain,
                                              std::string_view view);

}  // namespace foldlog
