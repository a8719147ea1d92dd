#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/summed_row.h"
#include "core/store/view_layout.h"
#include "projections/cached_rows.h"
#include "schemas/codec.h"

namespace foldlog {

/// Gathers what a batch adds to the rows of a summed view: one addition per key reaches the store. Members of type
/// std::int64_t are counters; all others are the row's constants, equal in every addition under that key.
template <typename Row>
class sum_cache final : public cached_rows {
 public:
  sum_cache(view_scope& scope, std::string prefix) : scope_(scope), prefix_(std::move(prefix)) { scope.add(*this); }
  sum_cache(const sum_cache&) = delete;
  sum_cache& operator=(const sum_cache&) = delete;

  /// Throws std::logic_error when the constants differ from those of another addition, std::overflow_error beyond 64
  /// bits.
  void add(std::string_view key, const Row& more) {
    auto& at = touch(key, more);
    will_change(at);
    boost::mp11::mp_for_each<json::codec_detail::members_of<Row>>(
        [&](auto member) { add_member(at.sum.*member.pointer, more.*member.pointer); });
  }

  void begin_commit() override {
    ++commit_;
    undo_size_ = 0;
  }
  // An addition that was undone may stay behind as a row of zeros only in the batch's memory, never in the store.
  void undo_commit() override {
    for (std::size_t i = undo_size_; i > 0; --i) {
      undo_[i - 1].at->sum = undo_[i - 1].before;
      undo_[i - 1].at->additions = undo_[i - 1].additions;
    }
    undo_size_ = 0;
  }

  void write(store_batch& into) override {
    for (auto* slot : dirty_) {
      if (slot->additions == 0) continue;
      key_.assign(prefix_).append(slot->key);
      into.add(key_, encode(slot->sum));
    }
  }
  void written() override {
    for (auto* slot : dirty_) {
      boost::mp11::mp_for_each<json::codec_detail::members_of<Row>>(
          [&](auto member) { clear(slot->sum.*member.pointer); });
      slot->dirty = false;
      slot->additions = 0;
    }
    dirty_.clear();
    undo_size_ = 0;
    if (slots_.size() * slot_bytes_guess > scope_.cache_bytes()) slots_.clear();
  }
  [[nodiscard]] std::size_t dirty_bytes() const override { return dirty_.size() * slot_bytes_guess; }

 private:
  struct slot {
    std::string key;
    Row sum;
    std::uint64_t changed_in = 0;
    std::uint64_t additions = 0;
    bool dirty = false;
  };
  struct change_before {
    slot* at = nullptr;
    Row before;
    std::uint64_t additions = 0;
  };
  static constexpr std::size_t slot_bytes_guess = sizeof(slot) + 128;

  template <typename Value>
  static void add_member(Value& sum, const Value& more) {
    if constexpr (std::is_same_v<Value, std::int64_t>) {
      if (__builtin_add_overflow(sum, more, &sum)) throw std::overflow_error("a counter leaves 64 bits");
    } else if (!(sum == more)) {
      throw std::logic_error("two additions to one row have different constants");
    }
  }
  template <typename Value>
  static void clear(Value& value) {
    if constexpr (std::is_same_v<Value, std::int64_t>) value = 0;
  }

  slot& touch(std::string_view key, const Row& constants) {
    if (const auto known = slots_.find(key); known != slots_.end()) return *known->second;
    check_view_key(scope_.view(), key);
    auto fresh = std::make_unique<slot>();
    fresh->key = key;
    fresh->sum = constants;
    boost::mp11::mp_for_each<json::codec_detail::members_of<Row>>(
        [&](auto member) { clear(fresh->sum.*member.pointer); });
    auto& added = *fresh;
    slots_.emplace(std::string_view(added.key), std::move(fresh));
    return added;
  }

  void will_change(slot& at) {
    if (at.changed_in != commit_) {
      at.changed_in = commit_;
      if (undo_size_ == undo_.size()) undo_.emplace_back();
      undo_[undo_size_].at = &at;
      undo_[undo_size_].before = at.sum;
      undo_[undo_size_].additions = at.additions;
      ++undo_size_;
    }
    ++at.additions;
    if (at.dirty) return;
    at.dirty = true;
    dirty_.push_back(&at);
  }

  static std::string encode(const Row& sum) {
    summed_row pieces;
    std::string text = "{";
    bool first = true;
    boost::mp11::mp_for_each<json::codec_detail::members_of<Row>>([&](auto member) {
      text.append(first ? "\"" : ",\"").append(member.name).append("\":");
      first = false;
      const auto& value = sum.*member.pointer;
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::int64_t>) {
        pieces.texts.push_back(std::exchange(text, {}));
        pieces.numbers.push_back(value);
      } else {
        json::write(text, value);
      }
    });
    pieces.texts.push_back(std::move(text) + "}");
    return pieces.encode();
  }

  view_scope& scope_;
  std::string prefix_;
  boost::unordered_flat_map<std::string_view, std::unique_ptr<slot>, std::hash<std::string_view>> slots_;
  std::vector<slot*> dirty_;
  std::uint64_t commit_ = 0;
  std::vector<change_before> undo_;
  std::size_t undo_size_ = 0;
  std::string key_;
};

}  // namespace foldlog
