#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.h"
#include "core/base/position.h"
#include "projections/row_cache.h"
#include "projections/sum_cache.h"

// What a domain author writes: a class per view, whose handlers fold the events of one category into rows.
//
//     class accounts {
//      public:
//       static constexpr std::string_view topic = "bank.account";          the category
//       static constexpr std::string_view view = "accounts";               the name outside
//       static constexpr std::array indexes{index_on{"owner", &account_row::owner}};          or none at all
//       using event = account_event;                                       the category's std::variant
//
//       explicit accounts(view_scope& scope) : rows_(scope, indexes) {}
//       void on(const account_created& event, const event_context& at);    one for every alternative of the variant
//       void on(const deposit_made& event, const event_context& at) {
//         rows_.update(at.id, [&](account_row& row) { row.balance = event.balance; });
//       }
//
//      private:
//       keyed_view<account_row> rows_;
//     };
//
// A forgotten event does not compile. Handlers are pure: their outcome depends on the event, its context and the rows,
// on no clock and nothing else; members other than views and tables would be lost at a restart. One object works for
// one partition. A handler that throws halts the view in that partition; what its commit had changed is undone.
namespace foldlog {

/// What an event brings along besides its data. The views live as long as the handler runs.
struct event_context {
  std::string_view id{};  ///< of the stream, within its category
  version_t version{0};
  timestamp time{};
  std::string_view command_id{};
  std::string_view correlation_id{};  ///< may be empty
  std::string_view topic{};           ///< `<domain>.<category>`
  std::int32_t partition = 0;
  offset_t offset = no_offset;
};

/// Rows that are written from one stream's partition only (a key that is, or names, the stream's id).
template <typename Row>
class keyed_view {
 public:
  explicit keyed_view(view_scope& scope, std::span<const index_on<Row>> indexes = {})
      : view_(scope.view()), rows_(scope, view_layout::row_prefix(scope.domain(), scope.view()), true, indexes) {}

  /// Null when there is none; good until the next call.
  [[nodiscard]] const Row* find(std::string_view key) { return rows_.find(key); }
  void put(std::string_view key, Row row) { rows_.put(key, std::move(row)); }
  /// Hands the row to `change`; throws std::out_of_range when there is none.
  template <typename Change>
  void update(std::string_view key, Change&& change) {
    auto* row = rows_.change(key);
    if (row == nullptr) throw std::out_of_range(fmt::format("view {} has no row '{}' to update", view_, key));
    std::forward<Change>(change)(*row);
  }
  void erase(std::string_view key) { rows_.erase(key); }

 private:
  std::string view_;
  row_cache<Row> rows_;
};

/// Rows of counters that any partition adds to (core/store/summed_row.h): the std::int64_t members of the row are added
/// up, all others are constants that are equal in every addition under that key.
template <typename Row>
class summed_view {
 public:
  explicit summed_view(view_scope& scope) : rows_(scope, view_layout::row_prefix(scope.domain(), scope.view())) {}

  /// `rows.add("eve", {.owner = "eve", .deposits = 1})`
  void add(std::string_view key, const Row& more) { rows_.add(key, more); }

 private:
  sum_cache<Row> rows_;
};

/// A projection's own memory: rows that nobody else sees, kept in the same batch as its view. A key belongs to one
/// partition.
template <typename Row>
class table {
 public:
  table(view_scope& scope, std::string_view name)
      : name_(name), rows_(scope, view_layout::private_key(scope.domain(), scope.view(), name, {}), false, {}) {}

  [[nodiscard]] const Row* find(std::string_view key) { return rows_.find(key); }
  /// Throws std::out_of_range when there is none.
  [[nodiscard]] const Row& at(std::string_view key) {
    const auto* row = rows_.find(key);
    if (row == nullptr) throw std::out_of_range(fmt::format("table {} has no row '{}'", name_, key));
    return *row;
  }
  void put(std::string_view key, Row row) { rows_.put(key, std::move(row)); }
  void erase(std::string_view key) { rows_.erase(key); }

 private:
  std::string name_;
  row_cache<Row> rows_;
};

}  // namespace foldlog
