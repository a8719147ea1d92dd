#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <variant>

#include "core/store/store.h"
#include "core/store/summed_row.h"

namespace foldlog {
namespace {

struct change {
  enum class kind { put, erase, add } what;
  std::string key;
  std::string value;
};

class memory_batch final : public store_batch {
 public:
  void put(std::string_view key, std::string_view value) override { push(change::kind::put, key, value); }
  void erase(std::string_view key) override { push(change::kind::erase, key, {}); }
  void add(std::string_view key, std::string_view row) override { push(change::kind::add, key, row); }
  void clear() override {
    changes_.clear();
    bytes_ = 0;
  }
  [[nodiscard]] std::size_t bytes() const override { return bytes_; }
  [[nodiscard]] const std::vector<change>& changes() const { return changes_; }

 private:
  void push(change::kind what, std::string_view key, std::string_view value) {
    changes_.push_back({what, std::string(key), std::string(value)});
    bytes_ += key.size() + value.size();
  }

  std::vector<change> changes_;
  std::size_t bytes_ = 0;
};

// Every key with the values that it had, by the number of the write; those that no snapshot can see are dropped.
class versioned_map {
 public:
  using history = std::map<std::uint64_t, std::optional<std::string>>;
  using map = std::map<std::string, history, std::less<>>;

  void apply(const std::vector<change>& changes) {
    const std::lock_guard lock(mutex_);
    ++newest_;
    for (const auto& each : changes) apply_locked(each);
  }

  [[nodiscard]] std::uint64_t newest() {
    const std::lock_guard lock(mutex_);
    return newest_;
  }
  [[nodiscard]] std::uint64_t pin() {
    const std::lock_guard lock(mutex_);
    pinned_.insert(newest_);
    return newest_;
  }
  void unpin(std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    pinned_.erase(pinned_.find(version));
  }

  [[nodiscard]] std::optional<std::string> get(std::string_view key, std::uint64_t at) const {
    const std::lock_guard lock(mutex_);
    const auto found = keys_.find(key);
    return found == keys_.end() ? std::nullopt : value_at(found->second, at);
  }

  /// The first key at or after (or the last at or before) `key` that begins with the prefix and has a value then.
  [[nodiscard]] std::optional<std::pair<std::string, std::string>> find_forward(std::string_view key, bool inclusive,
                                                                                std::string_view prefix,
                                                                                std::uint64_t at) const {
    const std::lock_guard lock(mutex_);
    key = std::max(key, prefix);
    for (auto i = inclusive ? keys_.lower_bound(key) : keys_.upper_bound(key); i != keys_.end(); ++i) {
      if (!i->first.starts_with(prefix)) break;
      if (auto value = value_at(i->second, at)) return std::pair{i->first, std::move(*value)};
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::pair<std::string, std::string>> find_backward(std::string_view key, bool inclusive,
                                                                                 std::string_view prefix,
                                                                                 std::uint64_t at) const {
    const std::lock_guard lock(mutex_);
    for (auto i = inclusive ? keys_.upper_bound(key) : keys_.lower_bound(key); i != keys_.begin();) {
      --i;
      if (!i->first.starts_with(prefix)) {
        if (i->first < prefix) break;
        continue;
      }
      if (auto value = value_at(i->second, at)) return std::pair{i->first, std::move(*value)};
    }
    return std::nullopt;
  }

 private:
  static std::optional<std::string> value_at(const history& values, std::uint64_t at) {
    auto later = values.upper_bound(at);
    return later == values.begin() ? std::nullopt : std::prev(later)->second;
  }

  void apply_locked(const change& each) {
    auto& values = keys_[each.key];
    const auto before = value_at(values, newest_);
    switch (each.what) {
      case change::kind::put:
        values[newest_] = each.value;
        break;
      case change::kind::erase:
        values[newest_] = std::nullopt;
        break;
      case change::kind::add:
        values[newest_] = add_summed(before, each.value);
        break;
    }
    const auto oldest = pinned_.empty() ? newest_ : *pinned_.begin();
    values.erase(values.begin(), std::prev(values.upper_bound(std::max(oldest, values.begin()->first))));
    if (values.size() == 1 && !values.begin()->second) keys_.erase(each.key);
  }

  mutable std::mutex mutex_;
  map keys_;
  std::uint64_t newest_ = 0;
  std::multiset<std::uint64_t> pinned_;
};

class memory_iterator final : public store_iterator {
 public:
  memory_iterator(std::shared_ptr<versioned_map> rows, std::shared_ptr<void> pin, std::uint64_t at,
                  std::string_view prefix)
      : rows_(std::move(rows)), pin_(std::move(pin)), at_(at), prefix_(prefix) {}

  void seek(std::string_view key) override { here_ = rows_->find_forward(key, true, prefix_, at_); }
  void seek_for_prev(std::string_view key) override { here_ = rows_->find_backward(key, true, prefix_, at_); }
  void next() override { here_ = rows_->find_forward(std::string(key()), false, prefix_, at_); }
  void prev() override { here_ = rows_->find_backward(std::string(key()), false, prefix_, at_); }
  [[nodiscard]] bool valid() const override { return here_.has_value(); }
  [[nodiscard]] std::string_view key() const override { return here_->first; }
  [[nodiscard]] std::string_view value() const override { return here_->second; }
  [[nodiscard]] result<void> status() const override { return {}; }

 private:
  std::shared_ptr<versioned_map> rows_;
  std::shared_ptr<void> pin_;
  std::uint64_t at_;
  std::string prefix_;
  std::optional<std::pair<std::string, std::string>> here_;
};

class memory_snapshot final : public store_snapshot {
 public:
  explicit memory_snapshot(const std::shared_ptr<versioned_map>& rows)
      : rows_(rows), at_(rows->pin()), pin_(nullptr, [rows, at = at_](void*) { rows->unpin(at); }) {}

  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override {
    return rows_->get(key, at_);
  }
  [[nodiscard]] std::unique_ptr<store_iterator> iterate(std::string_view prefix) const override {
    return std::make_unique<memory_iterator>(rows_, pin_, at_, prefix);
  }

 private:
  std::shared_ptr<versioned_map> rows_;
  std::uint64_t at_;
  std::shared_ptr<void> pin_;
};

class memory_store final : public store {
 public:
  [[nodiscard]] std::unique_ptr<store_batch> make_batch() const override { return std::make_unique<memory_batch>(); }
  [[nodiscard]] result<void> write(store_batch& batch) override {
    rows_->apply(static_cast<memory_batch&>(batch).changes());
    return {};
  }
  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override {
    return rows_->get(key, ~std::uint64_t{0});
  }
  [[nodiscard]] std::vector<result<std::optional<std::string>>> get(
      const std::vector<std::string>& keys) const override {
    std::vector<result<std::optional<std::string>>> values;
    values.reserve(keys.size());
    for (const auto& key : keys) values.emplace_back(get(key));
    return values;
  }
  [[nodiscard]] std::shared_ptr<const store_snapshot> snapshot() const override {
    return std::make_shared<memory_snapshot>(rows_);
  }
  [[nodiscard]] std::uint64_t generation() const override { return rows_->newest(); }
  [[nodiscard]] result<void> flush() override { return {}; }

 private:
  std::shared_ptr<versioned_map> rows_ = std::make_shared<versioned_map>();
};

}  // namespace

std::unique_ptr<store> make_memory_store() { return std::make_unique<memory_store>(); }

}  // namespace foldlog
