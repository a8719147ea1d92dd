#include "test/simulation/sim_store.h"

#include <algorithm>
#include <utility>

#include "core/store/summed_row.h"

namespace foldlog::test {
namespace {

using rows_pointer = std::shared_ptr<const sim_store::rows>;

class sim_iterator final : public store_iterator {
 public:
  sim_iterator(rows_pointer rows, std::string_view prefix)
      : rows_(std::move(rows)), prefix_(prefix), at_(rows_->end()) {}

  void seek(std::string_view key) override { at_ = rows_->lower_bound(std::max(key, std::string_view(prefix_))); }
  void seek_for_prev(std::string_view key) override {
    at_ = rows_->upper_bound(key);
    prev();
  }
  void next() override { ++at_; }
  void prev() override { at_ = at_ == rows_->begin() ? rows_->end() : std::prev(at_); }
  [[nodiscard]] bool valid() const override { return at_ != rows_->end() && at_->first.starts_with(prefix_); }
  [[nodiscard]] std::string_view key() const override { return at_->first; }
  [[nodiscard]] std::string_view value() const override { return at_->second; }
  [[nodiscard]] result<void> status() const override { return {}; }

 private:
  rows_pointer rows_;
  std::string prefix_;
  sim_store::rows::const_iterator at_;
};

class sim_snapshot final : public store_snapshot {
 public:
  explicit sim_snapshot(rows_pointer rows) : rows_(std::move(rows)) {}
  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override {
    const auto found = rows_->find(key);
    return found == rows_->end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] std::unique_ptr<store_iterator> iterate(std::string_view prefix) const override {
    return std::make_unique<sim_iterator>(rows_, prefix);
  }

 private:
  rows_pointer rows_;
};

}  // namespace

class sim_store::batch final : public store_batch {
 public:
  enum class kind : std::uint8_t { put, erase, add };
  struct change {
    kind what;
    std::string key;
    std::string value;
  };

  void put(std::string_view key, std::string_view value) override { push(kind::put, key, value); }
  void erase(std::string_view key) override { push(kind::erase, key, {}); }
  void add(std::string_view key, std::string_view row) override { push(kind::add, key, row); }
  void clear() override {
    changes.clear();
    bytes_ = 0;
  }
  [[nodiscard]] std::size_t bytes() const override { return bytes_; }

  std::vector<change> changes;

 private:
  void push(kind what, std::string_view key, std::string_view value) {
    changes.push_back({what, std::string(key), std::string(value)});
    bytes_ += key.size() + value.size();
  }
  std::size_t bytes_ = 0;
};

sim_store::rows& sim_store::own() {
  if (rows_.use_count() > 1) rows_ = std::make_shared<rows>(*rows_);
  return *rows_;
}

void sim_store::change(const std::string& key, std::optional<std::string> value) {
  if (value)
    own().insert_or_assign(key, std::move(*value));
  else
    own().erase(key);
}

void sim_store::crash() {
  const auto doubtful = std::exchange(doubtful_, nullptr);
  if (!doubtful || luck_.one_in(2)) return;
  counts_.add(fault::torn_write);
  apply(*doubtful);
}

std::size_t sim_store::lose_unsynced() {
  const auto lost = luck_.below(unsynced_.size() + 1);
  for (std::size_t i = 0; i < lost; ++i) {
    auto& newest = unsynced_.back();
    for (auto each = newest.rbegin(); each != newest.rend(); ++each) change(each->key, std::move(each->value));
    unsynced_.pop_back();
  }
  if (lost > 0) {
    ++generation_;
    counts_.add(fault::unsynced_lost);
  }
  unsynced_.clear();  // what the disk shows after a start is what it holds
  return lost;
}

void sim_store::wipe() {
  rows_ = std::make_shared<rows>();
  counts_.add(fault::disk_replaced);
  unsynced_.clear();
  ++generation_;
}

std::unique_ptr<store_batch> sim_store::make_batch() const { return std::make_unique<batch>(); }

result<void> sim_store::write(store_batch& changes) {
  const auto& given = static_cast<batch&>(changes);
  if (luck_.per_mille(faults_.write_error)) {
    counts_.add(fault::write_error);
    doubtful_ = std::make_shared<batch>(given);
    return fail(error_kind::unavailable, "the disk is full");
  }
  doubtful_.reset();
  apply(given);
  if (luck_.one_in(faults_.unsynced_writes)) unsynced_.clear();
  return {};
}

void sim_store::apply(const batch& changes) {
  auto& replaced = unsynced_.emplace_back();
  for (const auto& [what, key, value] : changes.changes) {
    const auto found = rows_->find(key);
    auto old = found == rows_->end() ? std::nullopt : std::optional(found->second);
    if (what == batch::kind::erase) {
      change(key, std::nullopt);
    } else if (what == batch::kind::put) {
      change(key, value);
    } else {
      change(key, add_summed(old ? std::optional<std::string_view>(*old) : std::nullopt, value));
    }
    replaced.push_back({key, std::move(old)});
  }
  ++generation_;
}

result<std::optional<std::string>> sim_store::get(std::string_view key) const {
  if (luck_.per_mille(faults_.get_error)) {
    counts_.add(fault::get_error);
    return fail(error_kind::unavailable, "the disk does not answer");
  }
  const auto found = rows_->find(key);
  return found == rows_->end() ? std::nullopt : std::optional(found->second);
}

std::vector<result<std::optional<std::string>>> sim_store::get(const std::vector<std::string>& keys) const {
  std::vector<result<std::optional<std::string>>> values;
  values.reserve(keys.size());
  for (const auto& key : keys) values.push_back(get(key));
  return values;
}

std::shared_ptr<const store_snapshot> sim_store::snapshot() const { return std::make_shared<sim_snapshot>(rows_); }

result<void> sim_store::flush() {
  unsynced_.clear();
  return {};
}

}  // namespace foldlog::test
