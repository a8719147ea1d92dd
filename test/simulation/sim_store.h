#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/store/store.h"
#include "test/simulation/chance.h"
#include "test/simulation/faults.h"

namespace foldlog::test {

/// How a store misbehaves at present.
struct store_faults {
  std::uint32_t write_error = 0;  ///< of 1000 writes: nothing of them is there
  std::uint32_t get_error = 0;    ///< of 1000 reads
  std::size_t unsynced_writes = 8;
};

/// Sorted bytes on a disk that syncs when it likes: a crash may lose any number of the newest writes since then, each
/// of them whole; a write that failed may be found there after a crash.
class sim_store final : public store {
 public:
  sim_store(chance luck, store_faults faults, fault_counts& counts) : luck_(luck), faults_(faults), counts_(counts) {}

  void heal() { faults_.write_error = faults_.get_error = 0; }
  /// The process stops: a write that failed may be there all the same.
  void crash();
  /// The machine stops: of the writes since the last sync the newest go, as many as chance wants. Gives how many.
  std::size_t lose_unsynced();
  void wipe();

  [[nodiscard]] std::unique_ptr<store_batch> make_batch() const override;
  [[nodiscard]] result<void> write(store_batch& batch) override;
  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override;
  [[nodiscard]] std::vector<result<std::optional<std::string>>> get(
      const std::vector<std::string>& keys) const override;
  [[nodiscard]] std::shared_ptr<const store_snapshot> snapshot() const override;
  [[nodiscard]] std::uint64_t generation() const override { return generation_; }
  [[nodiscard]] result<void> flush() override;

  using rows = std::map<std::string, std::string, std::less<>>;

 private:
  class batch;
  void apply(const batch& changes);
  rows& own();  ///< to be changed: a copy when a snapshot looks at it
  void change(const std::string& key, std::optional<std::string> value);

  struct before {
    std::string key;
    std::optional<std::string> value;
  };
  mutable chance luck_;
  store_faults faults_;
  fault_counts& counts_;
  std::shared_ptr<rows> rows_ = std::make_shared<rows>();
  std::vector<std::vector<before>> unsynced_;  ///< what each write since the last sync replaced
  std::shared_ptr<const batch> doubtful_;      ///< the last write, when it failed
  std::uint64_t generation_ = 1;
};

}  // namespace foldlog::test
