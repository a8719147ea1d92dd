#pragma once

#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <filesystem>
#include <string_view>

#include "core/base/result.h"
#include "core/store/store.h"

// Private to this folder: how the store is tuned, and what RocksDB's answers mean.
namespace foldlog {

[[nodiscard]] rocksdb::Options rocksdb_options(const store_options& options);
[[nodiscard]] rocksdb::WriteOptions rocksdb_write_options(const store_options& options);

/// The error behind a status that is not ok: conflict, damaged or unavailable.
[[nodiscard]] error rocksdb_error(const rocksdb::Status& status, const std::filesystem::path& folder,
                                  std::string_view doing);

}  // namespace foldlog
