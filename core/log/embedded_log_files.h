#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace foldlog::embedded {

/// The given file system, but for RocksDB's write-ahead logs (`*.log`): those are written in advance with zeros, 256
/// KiB at a time.
///
///     | record | record | record | 0 0 0 0 … 0 |     a sync writes data only: the file's size and its blocks stay
///                                 ^ the next
///
/// A sync after an append to a file costs the machine two writes, of the data and of the file's new size, one after the
/// other: here 1.3 to 1.5 times as long as one into bytes that were there (bench/command_bench shows both). Whoever
/// reads a log through this file system sees it end where its records end. A write that did not end is left out, damage
/// is given to RocksDB, which refuses it (write_ahead_log.h). A log that was closed ends with its last record; one
/// without zeros is read all the same.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> prewritten_files(const std::shared_ptr<rocksdb::FileSystem>& on);

}  // namespace foldlog::embedded
