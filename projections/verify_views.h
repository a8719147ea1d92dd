#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/log/event_log.h"
#include "core/store/store.h"
#include "projections/replay.h"

namespace foldlog {

/// A row, index entry, private row or stream entry that is not what the log says.
struct view_difference {
  std::string domain;
  std::string view;
  std::string key;       ///< of the row; of other entries: their key in the store, escaped, with its kind in front
  std::string expected;  ///< JSON or bytes by the fresh fold; empty: there should be nothing
  std::string found;     ///< what the store holds; empty: nothing
};

struct verified_view {
  std::string domain;
  std::string view;  ///< the stream table: `_streams`
  std::uint64_t rows = 0;
  std::uint64_t differences = 0;
  token position;  ///< up to which it was compared: the store's own
};

struct verify_report {
  std::vector<verified_view> views;
  std::vector<view_difference> first_differences;  ///< of all views, at most `differences_max`
  std::uint64_t differences = 0;
};

struct verify_options {
  replay_options replay{};  ///< its `to` is not looked at
  std::size_t differences_max = 10;
};

/// Compares what a store holds with a fresh fold of the log up to the store's own positions, row by row, with its index
/// entries, private tables and (when the store has one) the stream table. `scratch`: an empty store to fold into. Take
/// the snapshot before the log is opened, or its positions may lie beyond the log's end. Errors: damaged (the log; or a
/// position of the store that the log does not reach), otherwise as replay().
[[nodiscard]] result<verify_report> verify_views(event_log& log, const projection_list& projections,
                                                 const store_snapshot& subject, store& scratch,
                                                 const verify_options& options);

}  // namespace foldlog
