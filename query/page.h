#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/store/store.h"
#include "query/list_query.h"

namespace foldlog::query {

struct page {
  struct entry {
    std::string key;
    std::string row;  ///< JSON text
  };
  std::vector<entry> rows;
  std::optional<std::string> last;  ///< what the next page goes on after; nothing when this is the end
};

/// The rows that the query asks for, as the snapshot has them. Error: damaged (an index names a row that is not there).
[[nodiscard]] result<page> read_page(const store_snapshot& snapshot, std::string_view domain, std::string_view view,
                                     const list_query& query);

/// `{"rows":[{"key":"alice","row":{…}}],"next":"<cursor>"|null}`; without a cursor this is the end.
[[nodiscard]] std::string render_page(const page& of, std::string_view cursor);

}  // namespace foldlog::query
