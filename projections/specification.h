#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/store/store.h"
#include "projections/view_fold.h"

namespace foldlog {

/// An event as a specification tells it. Versions are counted per stream, and a second passes between events, unless
/// said.
template <typename Variant>
struct told_event {
  std::string id;
  Variant event;
  std::string time;  ///< `2026-11-21T09:30:00.000000Z`; empty: a second after the one before
};

/// Rows as key and JSON text, in the order of the keys.
using told_rows = std::map<std::string, std::string, std::less<>>;

/// What is different between two sets of rows, a line each; empty when nothing is. JSON is compared as values.
[[nodiscard]] std::string difference(const told_rows& expected, const told_rows& found);
/// All rows of a view.
[[nodiscard]] told_rows rows_of(const store& from, std::string_view domain, std::string_view view);

/// What a projection is to do, in the words of a specification; for any test framework.
///
///     CHECK(given<accounts>({{"alice", account_created{"eve", "EUR"}}}).then({{"alice", R"({"id":"alice", ...})"}}) ==
///     "");
template <projection_class T>
class projection_specification {
 public:
  explicit projection_specification(std::vector<told_event<typename T::event>> events) {
    const auto what = make_projection<T>();
    const auto fold = what->open(*store_, std::size_t{1} << 20);
    for (auto& told : events) {
      try {
        take(*fold, told);
      } catch (const std::exception& thrown) {
        fold->undo_commit();
        thrown_ = thrown.what();
        break;
      }
    }
    const auto batch = store_->make_batch();
    fold->write(*batch);
    std::ignore = store_->write(*batch);
    rows_ = rows_of(*store_, what->domain(), what->view());
  }

  [[nodiscard]] const told_rows& rows() const { return rows_; }
  /// Empty when the view consists of exactly these rows; else what is different.
  [[nodiscard]] std::string then(const told_rows& expected) const {
    return thrown_.empty() ? difference(expected, rows_) : "the projection threw: " + thrown_;
  }
  /// What the projection threw; empty when it did not.
  [[nodiscard]] const std::string& then_throws() const { return thrown_; }

 private:
  void take(view_fold& fold, const told_event<typename T::event>& told) {
    now_ = told.time.empty() ? now_ + std::chrono::seconds(1) : parse_time(told.time).value();
    category_events<typename T::event> commit(T::topic);
    commit.add(told.event);
    auto& version = versions_[told.id];
    version = version + 1;
    fold.begin_commit();
    fold.fold(commit, 0,
              {.id = told.id,
               .version = version,
               .time = now_,
               .command_id = "c",
               .topic = T::topic,
               .partition = 0,
               .offset = offset_t{offset_++}});
  }

  std::unique_ptr<store> store_ = make_memory_store();
  timestamp now_ = parse_time("2026-11-21T09:00:00.000000Z").value();
  std::map<std::string, version_t> versions_;
  std::int64_t offset_ = 0;
  told_rows rows_;
  std::string thrown_;
};

template <projection_class T>
[[nodiscard]] projection_specification<T> given(std::vector<told_event<typename T::event>> events) {
  return projection_specification<T>(std::move(events));
}

}  // namespace foldlog
