#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/log/memory_log.h"
#include "core/runtime/progress.h"
#include "core/store/store.h"
#include "projections/bank/bank_projections.h"
#include "projections/runner.h"
#include "projections/specification.h"
#include "projections/view_rows.h"
#include "test/projections/bank_log.h"

namespace foldlog::test {

/// A folder of its own, gone afterwards.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder() { std::filesystem::remove_all(path_); }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// One view of one partition, as progress tells it.
[[nodiscard]] progress::entry entry_of(const progress& from, std::string_view view, std::int32_t partition);

/// A log in memory with somebody who writes it, and a store; runners come and go.
struct bank_world {
  explicit bank_world(std::int32_t partitions = 2)
      : log({"bank.account"}, partitions, pool.get_executor()), writer(log) {}
  ~bank_world() { log.close(); }

  /// A runner begins anew at what the store holds, folds to the end of the log and is dropped.
  void fold_all(const projection_list& projections = bank::projections());
  [[nodiscard]] told_rows rows(std::string_view view) const { return rows_of(*store, "bank", view); }
  [[nodiscard]] progress::entry entry(std::string_view view, std::int32_t partition) const {
    return entry_of(*progress, view, partition);
  }

  boost::asio::thread_pool pool{1};
  memory_log log;
  bank_writer writer;
  std::unique_ptr<foldlog::store> store = make_memory_store();
  std::unique_ptr<foldlog::progress> progress = std::make_unique<foldlog::progress>();
  system_clock clock;
};

/// Folds until the log has no more; throws when it fails.
void fold_to_end(runner& running);

}  // namespace foldlog::test
