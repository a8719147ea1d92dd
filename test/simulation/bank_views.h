#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/position.h"
#include "test/simulation/truth.h"

// The bank's views as API.md section 5 has them, folded a second time from what truth accepted.
namespace foldlog::test {

/// How far each partition was read: everything up to and with that offset.
using reach = std::vector<offset_t>;

/// Rows as JSON text, by key.
using view_rows = std::map<std::string, std::string, std::less<>>;

/// `accounts`, `owners` or `turnover` at that place.
[[nodiscard]] view_rows rows_at(const truth& from, std::string_view view, const reach& to);
/// The digest of API.md section 4.
[[nodiscard]] std::string digest_of(const view_rows& rows);

/// A row of a list, and what the list sorts by.
struct list_entry {
  std::string text;         ///< of an index on text, else empty
  std::int64_t number = 0;  ///< of an index on numbers, else 0
  std::string key;
  std::string row;
  [[nodiscard]] auto place() const { return std::tie(text, number, key); }
};
/// In ascending order; `index` empty: by key.
[[nodiscard]] std::vector<list_entry> list_at(const truth& from, std::string_view view, std::string_view index,
                                              const reach& to);

/// `"type":…,"data":…`: an event as streams and subscriptions show it.
[[nodiscard]] std::string event_members(const record& event, std::int32_t partition);
/// The state after that version.
[[nodiscard]] std::string state_text(const account_now& state);

}  // namespace foldlog::test
