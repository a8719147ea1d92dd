#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace foldlog {

/// Changes that become visible, and durable, all together or not at all; applied in the order in which they were added.
class store_batch {
 public:
  virtual ~store_batch() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  /// Adds an encoded summed row (summed_row.h) to that under the key, which need not exist. Commutative: no reading, no
  /// lock.
  virtual void add(std::string_view key, std::string_view summed_row) = 0;
  virtual void clear() = 0;
  [[nodiscard]] virtual std::size_t bytes() const = 0;
};

/// Walks the keys of a snapshot in byte order. Views live until the next move.
class store_iterator {
 public:
  virtual ~store_iterator() = default;
  virtual void seek(std::string_view key) = 0;           ///< to the first key at or after it
  virtual void seek_for_prev(std::string_view key) = 0;  ///< to the last key at or before it
  virtual void next() = 0;
  virtual void prev() = 0;
  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  [[nodiscard]] virtual result<void> status() const = 0;  ///< why it is not valid, when that is not the end
};

/// The store as it was at one moment.
class store_snapshot {
 public:
  virtual ~store_snapshot() = default;
  [[nodiscard]] virtual result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// Keys that begin with `prefix` only; it starts nowhere: seek first.
  [[nodiscard]] virtual std::unique_ptr<store_iterator> iterate(std::string_view prefix) const = 0;
};

/// A sorted map of bytes with atomic batches and snapshots: the one form in which the engine keeps rows. Any thread.
class store {
 public:
  virtual ~store() = default;
  [[nodiscard]] virtual std::unique_ptr<store_batch> make_batch() const = 0;
  /// After a crash of the process or the machine the store holds what some prefix of the writes left: perhaps an older
  /// state, never a torn one.
  [[nodiscard]] virtual result<void> write(store_batch& batch) = 0;
  [[nodiscard]] virtual result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// Many keys at once, in their order.
  [[nodiscard]] virtual std::vector<result<std::optional<std::string>>> get(
      const std::vector<std::string>& keys) const = 0;
  [[nodiscard]] virtual std::shared_ptr<const store_snapshot> snapshot() const = 0;
  /// A number that no two states of the store share: unchanged between two calls, nothing was written in between.
  /// Cheap.
  [[nodiscard]] virtual std::uint64_t generation() const = 0;
  /// Everything written so far survives the loss of the machine once this returned.
  [[nodiscard]] virtual result<void> flush() = 0;
};

struct store_options {
  std::filesystem::path folder{};
  bool read_only = false;       ///< beside a process that has it open: a consistent, perhaps slightly older state
  bool write_ahead_log = true;  ///< off: a crash of the process loses what was not flushed (whoever writes refolds it)
  std::size_t write_buffer_bytes = 64U << 20;
  std::size_t cache_bytes = 64U << 20;
  bool bulk_load = false;  ///< nobody reads while it is filled: fewer, larger flushes
  /// Rows for which this says true may be dropped when files are merged (of keys that begin with `expiring_prefix`).
  std::string expiring_prefix{};
  std::function<bool(std::string_view key, std::string_view value)> expired{};
};

/// Opens or creates the folder. Errors: conflict (somebody has it open), damaged, unavailable (a full disk, no
/// permission), not_found (read_only, and there is no store). A write that met a full disk fails as unavailable, and
/// may be tried again: it succeeds a few seconds after there is room. Snapshots keep the folder open.
[[nodiscard]] result<std::unique_ptr<store>> open_store(const store_options& options);
/// The same in memory, for tests and the simulation.
[[nodiscard]] std::unique_ptr<store> make_memory_store();

}  // namespace foldlog
