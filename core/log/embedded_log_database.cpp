#include "core/log/embedded_log_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <random>
#include <system_error>
#include <thread>

#include "core/log/embedded_log_files.h"
#include "core/log/embedded_log_store.h"
#include "core/runtime/logging.h"

namespace foldlog {
namespace embedded {
namespace {

/// RocksDB's own log file is not safe on a full disk: with Debian's build (assertions on) the line after a failed one
/// ends the process. What matters goes to our log.
class forwarding_logger final : public rocksdb::Logger {
 public:
  forwarding_logger() : rocksdb::Logger(rocksdb::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*values*/) override {}
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list values) override {
    if (level < rocksdb::ERROR_LEVEL || level > rocksdb::FATAL_LEVEL) return;
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, values);
    std::string_view line(text.data());
    while (line.ends_with('\n')) line.remove_suffix(1);
    log(log_level::warning, "rocksdb", {{"reason", line}});
  }
};

}  // namespace

rocksdb::Slice description_key() {
  static const std::string key = std::string(prefix_size, '\xff') + std::string(key_size - prefix_size, '\0');
  return key;
}

/// Write-once data in rising order per partition: after the small level 1 files are moved down, not rewritten, so a
/// record is written about three times in all (log, level 0, level 1), and zeros in its place in the log before it.
rocksdb::Options database_options() {
  static const auto environment = rocksdb::NewCompositeEnv(prewritten_files(rocksdb::FileSystem::Default()));
  rocksdb::Options options;
  options.env = environment.get();
  options.write_buffer_size = 64U << 20;
  options.max_write_buffer_number = 4;
  options.target_file_size_base = 64U << 20;
  options.max_background_jobs = 2;
  options.max_open_files = -1;
  // One writer, many partitions: the hint finds the partition's place in the memtable at once (1.6 times the rate).
  options.allow_concurrent_memtable_write = false;
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(prefix_size));
  // A torn record at the end of the write-ahead log was never acknowledged; damage anywhere else refuses to open.
  // Recycled log files do not go with that (RocksDB 7.8 sets them to 0); files of zeros do.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_bgerror_resume_count = 0;  // we reopen: only that says what is there
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool has_lz4 = std::ranges::find(supported, rocksdb::kLZ4Compression) != supported.end();
  options.compression = has_lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  options.compression_per_level.assign(static_cast<std::size_t>(options.num_levels), options.compression);
  options.compression_per_level[0] = rocksdb::kNoCompression;  // level 0 is merged away soon
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 32U << 10;
  table.block_cache = rocksdb::NewLRUCache(32U << 20);
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.info_log = std::make_shared<forwarding_logger>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  return options;
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

error to_error(const rocksdb::Status& status, const std::filesystem::path& folder) {
  const std::string text = status.ToString();
  if (text.find("lock hold by current process") != std::string::npos ||
      text.find("While lock file") != std::string::npos) {
    return {error_kind::conflict, fmt::format("the log in {} is in use: another foldlog serves it", folder.string())};
  }
  const bool damaged = status.IsCorruption() || status.IsInvalidArgument() || status.IsNotSupported();
  return {damaged ? error_kind::damaged : error_kind::unavailable,
          fmt::format("the log in {}: {}", folder.string(), text)};
}

}  // namespace embedded

namespace {

constexpr int secondary_attempts = 20;
constexpr auto secondary_pause = std::chrono::milliseconds(25);
constexpr std::uintmax_t probe_margin = 4U << 20;  ///< beyond what a reopening has to write

std::filesystem::path make_temporary_folder() {
  std::random_device random;
  return std::filesystem::temp_directory_path() / fmt::format("foldlog-reader-{}-{:08x}", ::getpid(), random());
}

std::unexpected<error> disk_error(const std::filesystem::path& path) {
  return fail(error_kind::unavailable,
              fmt::format("{} cannot be written: {}", path.string(), std::generic_category().message(errno)));
}

}  // namespace

result<void> embedded_log_store::open_database() { return read_only_ ? open_secondary() : open_primary(); }

result<void> embedded_log_store::open_primary() {
  std::error_code failure;
  const bool exists = std::filesystem::exists(folder_ / "CURRENT", failure);
  if (!exists && !create_) return fail(error_kind::not_found, fmt::format("there is no log in {}", folder_.string()));
  std::filesystem::create_directories(folder_, failure);
  if (failure) {
    return fail(error_kind::unavailable, fmt::format("{} cannot be made: {}", folder_.string(), failure.message()));
  }
  auto options = embedded::database_options();
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(options, folder_.string(), &opened);
  if (!status.ok()) return std::unexpected(embedded::to_error(status, folder_));
  database_.reset(opened);
  return {};
}

/// The server removes files that it has merged while we read which ones there are: then we look again.
result<void> embedded_log_store::open_secondary() {
  std::error_code failure;
  if (!std::filesystem::exists(folder_ / "CURRENT", failure)) {
    return fail(error_kind::not_found, fmt::format("there is no log in {}", folder_.string()));
  }
  if (secondary_folder_.empty()) secondary_folder_ = make_temporary_folder();
  std::filesystem::create_directories(secondary_folder_, failure);
  rocksdb::Status status;
  for (int attempt = 0; attempt < secondary_attempts; ++attempt) {
    rocksdb::DB* opened = nullptr;
    status = rocksdb::DB::OpenAsSecondary(embedded::database_options(), folder_.string(), secondary_folder_.string(),
                                          &opened);
    if (status.ok()) {
      database_.reset(opened);
      return {};
    }
    std::this_thread::sleep_for(secondary_pause);
  }
  return std::unexpected(embedded::to_error(status, folder_));
}

result<void> embedded_log_store::refresh() {
  if (!read_only_) return {};
  const std::scoped_lock one_at_a_time(refresh_mutex_);
  {
    const std::shared_lock lock(database_mutex_);
    if (!database_) return fail(error_kind::unavailable, fmt::format("the log in {} is closed", folder_.string()));
    if (database_->TryCatchUpWithPrimary().ok()) {
      const auto ends = find_ends();
      if (!ends) return std::unexpected(ends.error());
      publish(*ends);
      return {};
    }
  }
  return swap_database();
}

/// Reserves what a reopening may write (the whole write-ahead log, as tables) and syncs a little.
result<void> embedded_log_store::probe_disk() const {
  std::uintmax_t needed = probe_margin;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failure)) {
    std::error_code vanished;
    const auto size = entry.path().extension() == ".log" ? entry.file_size(vanished) : 0;
    if (!vanished) needed += size;
  }
  const auto path = folder_.parent_path() / "log.probe";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | O_TRUNC, 0600);
  if (file < 0) return disk_error(path);
  const bool reserved =
      ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(needed)) == 0 || errno == EOPNOTSUPP;
  const std::array<char, 4096> page{};
  const bool written = reserved && ::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()) &&
                       ::fdatasync(file) == 0;
  auto outcome = written ? result<void>() : result<void>(disk_error(path));
  ::close(file);
  ::unlink(path.c_str());
  return outcome;
}

}  // namespace foldlog
