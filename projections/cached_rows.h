#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/store/store.h"
#include "schemas/json.h"

namespace foldlog {

/// The store could not be read in the middle of a fold: no fault of the event, the fold starts again from its
/// checkpoints.
class store_failure : public std::runtime_error {
 public:
  explicit store_failure(foldlog::error why) : std::runtime_error(why.text), why_(std::move(why)) {}
  [[nodiscard]] const foldlog::error& why() const { return why_; }

 private:
  foldlog::error why_;
};

/// Rows of one view (or private table) that one partition changes, in memory until they are written together.
///
///     begin_commit  change ... change  begin_commit  change  undo_commit      write(batch)  written
///     |-------- commit 1 -----------|  |---- as if it never was ----|         all dirty rows, once each
class cached_rows {
 public:
  virtual ~cached_rows() = default;
  virtual void begin_commit() = 0;
  virtual void undo_commit() = 0;
  /// Adds everything that was changed since the last written() to the batch; may be called again when the batch was
  /// lost.
  virtual void write(store_batch& into) = 0;
  /// The batch is in the store: nothing is dirty any more, and rows beyond the cache's size are forgotten.
  virtual void written() = 0;
  [[nodiscard]] virtual std::size_t dirty_bytes() const = 0;  ///< about
};

/// Where the rows of a projection live: handed to its constructor, passed on to its views and tables.
class view_scope {
 public:
  /// `cache_bytes`: for each view or table of the projection in this partition.
  view_scope(const store& from, std::string_view domain, std::string_view view, std::size_t cache_bytes);

  [[nodiscard]] const std::string& domain() const { return domain_; }
  [[nodiscard]] const std::string& view() const { return view_; }
  [[nodiscard]] std::size_t cache_bytes() const { return cache_bytes_; }
  [[nodiscard]] json::parser& parser() { return parser_; }
  /// What the store holds; throws store_failure.
  [[nodiscard]] std::optional<std::string> load(std::string_view key) const;

  void add(cached_rows& rows) { all_.push_back(&rows); }
  [[nodiscard]] const std::vector<cached_rows*>& all() const { return all_; }

 private:
  const store* from_;
  std::string domain_;
  std::string view_;
  std::size_t cache_bytes_;
  json::parser parser_;
  std::vector<cached_rows*> all_;
};

/// Throws std::invalid_argument when it is no view key (API.md section 1: 1-1024 bytes of UTF-8).
void check_view_key(std::string_view view, std::string_view key);

}  // namespace foldlog
