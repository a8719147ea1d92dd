#pragma once

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/store/view_layout.h"
#include "projections/cached_rows.h"
#include "schemas/codec.h"

namespace foldlog {

/// A secondary index of a view: its name outside, and the member of the row that it sorts by.
///
///     static constexpr std::array indexes{index_on{"owner", &account_row::owner}};
template <typename Row>
struct index_on {
  std::string_view name;
  std::variant<std::string Row::*, std::int64_t Row::*> member;

  [[nodiscard]] view_layout::index_value of(const Row& row) const {
    return std::visit([&](auto pointer) { return view_layout::index_value(row.*pointer); }, member);
  }
};
template <typename Row, typename Value>
index_on(std::string_view, Value Row::*) -> index_on<Row>;

/// A write-back cache of typed rows: read through from the store, changed in memory, serialised once a batch; of the
/// rows that are not dirty the least recently used go first when they take more than `cache_bytes`.
template <typename Row>
class row_cache final : public cached_rows {
 public:
  /// `prefix`: of the store's keys; `row_tag`: whether values are stored as view rows (view_layout::json_row) or as
  /// JSON.
  row_cache(view_scope& scope, std::string prefix, bool tagged, std::span<const index_on<Row>> indexes)
      : scope_(scope), prefix_(std::move(prefix)), tagged_(tagged), indexes_(indexes) {
    for (const auto& index : indexes_) {
      index_prefixes_.push_back(view_layout::index_prefix(scope.domain(), scope.view(), index.name));
    }
    scope.add(*this);
  }
  row_cache(const row_cache&) = delete;
  row_cache& operator=(const row_cache&) = delete;

  [[nodiscard]] const Row* find(std::string_view key) {
    const auto& found = touch(key);
    return found.row ? &*found.row : nullptr;
  }
  /// The row to be changed, null when there is none.
  [[nodiscard]] Row* change(std::string_view key) {
    auto& found = touch(key);
    if (!found.row) return nullptr;
    will_change(found);
    return &*found.row;
  }
  void put(std::string_view key, Row row) {
    auto& found = touch(key);
    will_change(found);
    found.row = std::move(row);
  }
  void erase(std::string_view key) {
    auto& found = touch(key);
    if (!found.row) return;
    will_change(found);
    found.row.reset();
  }

  void begin_commit() override {
    ++commit_;
    undo_size_ = 0;
  }
  void undo_commit() override {
    for (std::size_t i = undo_size_; i > 0; --i) undo_[i - 1].at->row = undo_[i - 1].before;
    undo_size_ = 0;
  }

  void write(store_batch& into) override {
    for (auto* slot : dirty_) write(*slot, into);
  }
  void written() override {
    for (auto* slot : dirty_) {
      slot->dirty = false;
      slot->indexed = std::move(slot->next_indexed);
      slot->next_indexed.clear();
    }
    dirty_.clear();
    dirty_bytes_ = 0;
    undo_size_ = 0;
    forget_oldest();
  }
  [[nodiscard]] std::size_t dirty_bytes() const override { return dirty_bytes_; }

 private:
  struct slot {
    std::string key;
    std::optional<Row> row;
    std::vector<view_layout::index_value> indexed;  ///< the index entries that are in the store; empty: none
    std::vector<view_layout::index_value> next_indexed;
    std::uint64_t changed_in = 0;  ///< the commit that changed it last
    std::size_t bytes = 0;
    bool dirty = false;
    slot* older = nullptr;
    slot* newer = nullptr;
  };
  struct change_before {
    slot* at = nullptr;
    std::optional<Row> before;
  };
  static constexpr std::size_t row_bytes_guess = 256;

  slot& touch(std::string_view key) {
    if (newest_ != nullptr && newest_->key == key) return *newest_;
    if (const auto known = slots_.find(key); known != slots_.end()) {
      unlink(*known->second);
      link_newest(*known->second);
      return *known->second;
    }
    check_view_key(scope_.view(), key);
    auto fresh = std::make_unique<slot>();
    fresh->key = key;
    load(*fresh);
    auto& added = *fresh;
    slots_.emplace(std::string_view(added.key), std::move(fresh));
    bytes_ += added.bytes;
    link_newest(added);
    return added;
  }

  void load(slot& into) {
    const auto stored = scope_.load(prefix_ + into.key);
    into.bytes = sizeof(slot) + into.key.size() + (stored ? stored->size() : row_bytes_guess);
    if (!stored) return;
    const std::string text = tagged_ ? view_layout::render_row(*stored) : *stored;
    const auto parsed = scope_.parser().parse(text);
    auto row = parsed ? json::read<Row>(*parsed) : result<Row>(std::unexpected(parsed.error()));
    if (!row)
      throw std::runtime_error(fmt::format("a row of view {} does not decode: {}", scope_.view(), row.error().text));
    into.row = std::move(*row);
    for (const auto& index : indexes_) into.indexed.push_back(index.of(*into.row));
  }

  // What was there before the present commit is kept; its strings reuse the memory of earlier ones.
  void will_change(slot& at) {
    if (at.changed_in != commit_) {
      at.changed_in = commit_;
      if (undo_size_ == undo_.size()) undo_.emplace_back();
      undo_[undo_size_].at = &at;
      undo_[undo_size_].before = at.row;
      ++undo_size_;
    }
    if (at.dirty) return;
    at.dirty = true;
    dirty_.push_back(&at);
    dirty_bytes_ += at.bytes;
  }

  void write(slot& from, store_batch& into) {
    from.next_indexed.clear();
    if (from.row) {
      for (const auto& index : indexes_) from.next_indexed.push_back(index.of(*from.row));
    }
    for (std::size_t i = 0; i < indexes_.size(); ++i) {
      const bool was = !from.indexed.empty();
      const bool is = from.row.has_value();
      if (was && is && from.indexed[i] == from.next_indexed[i]) continue;
      if (was) into.erase(index_entry(i, from.indexed[i], from.key));
      if (is) into.put(index_entry(i, from.next_indexed[i], from.key), {});
    }
    key_.assign(prefix_).append(from.key);
    if (!from.row) return into.erase(key_);
    value_.assign(tagged_ ? view_layout::json_row({}) : std::string());
    json::write(value_, *from.row);
    bytes_ -= from.bytes;
    from.bytes = sizeof(slot) + from.key.size() + value_.size();
    bytes_ += from.bytes;
    into.put(key_, value_);
  }

  const std::string& index_entry(std::size_t index, const view_layout::index_value& value, std::string_view key) {
    index_key_.assign(index_prefixes_[index]);
    view_layout::append_index_value(index_key_, value);
    return index_key_.append(key);
  }

  void link_newest(slot& added) {
    added.older = newest_;
    added.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &added;
    newest_ = &added;
  }
  void unlink(slot& gone) {
    (gone.older != nullptr ? gone.older->newer : oldest_) = gone.newer;
    (gone.newer != nullptr ? gone.newer->older : newest_) = gone.older;
  }
  void forget_oldest() {
    while (bytes_ > scope_.cache_bytes() && oldest_ != nullptr) {
      auto& gone = *oldest_;
      unlink(gone);
      bytes_ -= gone.bytes;
      slots_.erase(std::string_view(gone.key));
    }
  }

  view_scope& scope_;
  std::string prefix_;
  bool tagged_;
  std::span<const index_on<Row>> indexes_;
  std::vector<std::string> index_prefixes_;
  boost::unordered_flat_map<std::string_view, std::unique_ptr<slot>, std::hash<std::string_view>> slots_;
  slot* oldest_ = nullptr;
  slot* newest_ = nullptr;
  std::size_t bytes_ = 0;
  std::vector<slot*> dirty_;
  std::size_t dirty_bytes_ = 0;
  std::uint64_t commit_ = 0;
  std::vector<change_before> undo_;
  std::size_t undo_size_ = 0;
  std::string key_, value_, index_key_;
};

}  // namespace foldlog
