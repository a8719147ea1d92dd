#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/problem.h"
#include "core/http/router.h"
#include "query/read_model.h"

namespace foldlog::query {

/// Entries of one table, by what follows the table's prefix in their keys: from `lower` on, below `upper`.
struct key_range {
  std::string lower;
  std::optional<std::string> upper;  ///< nothing: to the end of the table

  [[nodiscard]] bool contains(std::string_view suffix) const { return suffix >= lower && (!upper || suffix < *upper); }
  bool operator==(const key_range&) const = default;
};

/// One page of a list, wanted (API.md section 2, "Lists").
struct list_query {
  const index_model* index = nullptr;  ///< null: by key
  key_range range;                     ///< bounds and cursor together
  bool descending = false;
  std::size_t limit = 100;
  std::string identity;  ///< names the query without its limit; for cursors
};

/// `GET …?limit=&prefix=&from=&to=&order=&index=&value=&cursor=`. Problems: invalid_parameter, invalid_cursor.
[[nodiscard]] std::expected<list_query, http::problem> parse_list_query(std::string_view domain, const view_model& view,
                                                                        const http::query_parameters& parameters);

/// `limit`: 1 to 1000, 100 when it is not there. Problem: invalid_parameter.
[[nodiscard]] std::expected<std::size_t, http::problem> parse_limit(const http::query_parameters& parameters);

/// The first bytes that sort after everything that begins with `prefix`; nothing when there are none.
[[nodiscard]] std::optional<std::string> after_prefix(std::string prefix);

}  // namespace foldlog::query
