#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "core/base/names.h"
#include "core/log/record.h"
#include "core/store/store.h"
#include "core/store/view_layout.h"
#include "query/query_context.h"

namespace foldlog::query {

/// The stream's last version; 0 when there is no such stream.
[[nodiscard]] result<version_t> newest_version(const store_snapshot& snapshot, const stream_name& stream);

/// The stream's entries from a version on, at most `count`, in order of version. Error: damaged (a version is missing).
[[nodiscard]] result<std::vector<view_layout::stream_entry>> read_entries(const store_snapshot& snapshot,
                                                                          const stream_name& stream, version_t from,
                                                                          std::size_t count);

/// Events of one stream, in order of version, with the bytes that they point into.
struct stream_events {
  std::vector<record> events;
  std::deque<record_batch> owners;  ///< a deque: growing it moves no batch
};

/// Brings the records of these entries, which begin with version `from`: those that an entry holds are decoded, the
/// others fetched from the log, one fetch for each run of neighbours. `done` is called once, on the context's executor
/// (when nothing had to be fetched: from within this call). Errors: damaged (a record is not the event that its entry
/// names), unavailable.
void load_events(const query_context& context, const stream_name& stream, version_t from,
                 std::vector<view_layout::stream_entry> entries,
                 std::move_only_function<void(result<stream_events>)> done);

}  // namespace foldlog::query
