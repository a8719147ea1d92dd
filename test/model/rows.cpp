#include "rows.h"

namespace foldlog::test {
namespace {

using map = std::map<std::string, std::string, std::less<>>;

class model_iterator final : public store_iterator {
 public:
  model_iterator(map::const_iterator begin, map::const_iterator end) : begin_(begin), at_(end), end_(end) {}
  void seek(std::string_view key) override {
    for (at_ = begin_; at_ != end_ && at_->first < key;) ++at_;
  }
  void seek_for_prev(std::string_view key) override {
    at_ = end_;
    for (auto each = begin_; each != end_ && each->first <= key; ++each) at_ = each;
  }
  void next() override { ++at_; }
  void prev() override { at_ = at_ == begin_ ? end_ : std::prev(at_); }
  [[nodiscard]] bool valid() const override { return at_ != end_; }
  [[nodiscard]] std::string_view key() const override { return at_->first; }
  [[nodiscard]] std::string_view value() const override { return at_->second; }
  [[nodiscard]] result<void> status() const override { return {}; }

 private:
  map::const_iterator begin_;
  map::const_iterator at_;
  map::const_iterator end_;
};

class model_snapshot final : public store_snapshot {
 public:
  explicit model_snapshot(map rows) : rows_(std::move(rows)) {}
  result<std::optional<std::string>> get(std::string_view key) const override {
    const auto found = rows_.find(key);
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<store_iterator> iterate(std::string_view prefix) const override {
    auto begin = rows_.lower_bound(prefix);
    auto end = begin;
    while (end != rows_.end() && end->first.starts_with(prefix)) ++end;
    return std::make_unique<model_iterator>(begin, end);
  }

 private:
  map rows_;
};

}  // namespace

result<void> model_store::write(store_batch& batch) {
  for (const auto& row : static_cast<model_batch&>(batch).rows) {
    if (row.value)
      rows_.insert_or_assign(row.key, *row.value);
    else
      rows_.erase(row.key);
  }
  ++generation_;
  return {};
}

result<std::optional<std::string>> model_store::get(std::string_view key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<result<std::optional<std::string>>> model_store::get(const std::vector<std::string>& keys) const {
  std::vector<result<std::optional<std::string>>> found;
  found.reserve(keys.size());
  for (const auto& key : keys) found.push_back(get(key));
  return found;
}

std::shared_ptr<const store_snapshot> model_store::snapshot() const { return std::make_shared<model_snapshot>(rows_); }

}  // namespace foldlog::test
