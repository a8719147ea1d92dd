#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/store.h"

namespace foldlog::test {

/// A store as small as can be, whose batches can be looked at and written again.
class model_batch final : public store_batch {
 public:
  struct row {
    std::string key;
    std::optional<std::string> value;
  };
  void put(std::string_view key, std::string_view value) override {
    rows.push_back({std::string(key), std::string(value)});
  }
  void erase(std::string_view key) override { rows.push_back({std::string(key), std::nullopt}); }
  void add(std::string_view /*key*/, std::string_view /*row*/) override {}
  void clear() override { rows.clear(); }
  [[nodiscard]] std::size_t bytes() const override { return rows.size(); }

  std::vector<row> rows;
};

class model_store final : public store, public std::enable_shared_from_this<model_store> {
 public:
  std::unique_ptr<store_batch> make_batch() const override { return std::make_unique<model_batch>(); }
  result<void> write(store_batch& batch) override;
  result<std::optional<std::string>> get(std::string_view key) const override;
  std::vector<result<std::optional<std::string>>> get(const std::vector<std::string>& keys) const override;
  std::shared_ptr<const store_snapshot> snapshot() const override;
  std::uint64_t generation() const override { return generation_; }
  result<void> flush() override { return {}; }

 private:
  std::map<std::string, std::string, std::less<>> rows_;
  std::uint64_t generation_ = 0;
};

}  // namespace foldlog::test
