#pragma once

#include <list>
#include <span>
#include <string>
#include <vector>

#include "core/log/arbiter.h"

namespace foldlog {

/// Gathers the accepted commits of one partition: records go in one by one, in offset order, whole commits come out.
///
///     feed(claim)         -> {claim,     {}}
///     feed(e1, 0/2)       -> {continues, {}}        its bytes are copied: the next record may be in another batch
///     feed(e2, 1/2)       -> {completes, {e1, e2}}
///     feed(e3, 0/1)       -> {completes, {e3}}      its bytes are not copied
class commit_reader {
 public:
  struct outcome {
    foldlog::verdict verdict;
    /// completes: all records of the commit (events, or one proof or refusal); empty otherwise. Good until the next
    /// feed(), and as long as the bytes of the record that was fed last.
    std::span<const record> commit;
  };

  commit_reader() = default;
  /// From a saved state with no open commit: that of an offset where a commit was complete.
  explicit commit_reader(const arbiter::state& saved);
  commit_reader(commit_reader&&) noexcept = default;
  commit_reader& operator=(commit_reader&&) noexcept = default;

  [[nodiscard]] outcome feed(const record& next);
  [[nodiscard]] const arbiter::state& now() const { return arbiter_.now(); }
  /// The records of the commit that is not complete yet.
  [[nodiscard]] std::span<const record> open() const {
    return arbiter_.now().open_count == 0 ? std::span<const record>() : open_;
  }

 private:
  void keep(const record& next);
  void drop();

  arbiter arbiter_;
  std::vector<record> open_;
  std::list<std::string> bytes_;  ///< what the views of open_ point into
};

}  // namespace foldlog
