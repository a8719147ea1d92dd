#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "core/base/position.h"
#include "core/base/result.h"
#include "core/runtime/alarm.h"
#include "core/store/store.h"

namespace foldlog::query {

struct query_context;

/// One moment of the store, and how far it shows one view folded: rows and position of an answer come from the same
/// one.
struct moment {
  std::shared_ptr<const store_snapshot> rows;
  token reached;         ///< every partition of which the view has folded anything
  std::string position;  ///< the token's text
};

/// The present moment of each view. While the store's generation stays the same nothing was written, and the last
/// moment is still the present one: a read of a quiet store costs no snapshot and no checkpoints. Any thread.
class moment_cache {
 public:
  /// Error: damaged (a checkpoint does not parse), or what the store says.
  [[nodiscard]] result<std::shared_ptr<const moment>> look(const query_context& context, std::string_view domain,
                                                           std::string_view view, std::span<const std::string> topics);

 private:
  struct entry {
    std::mutex mutex;
    std::uint64_t generation = 0;
    std::shared_ptr<const moment> now;
    std::shared_ptr<void> release;  ///< lets go of a snapshot that nobody reads: the store keeps old rows for it
  };
  [[nodiscard]] std::shared_ptr<entry> entry_of(std::string_view domain, std::string_view view);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<entry>> entries_;  ///< by `<domain>/<view>`
};

}  // namespace foldlog::query
