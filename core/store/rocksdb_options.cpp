#include "core/store/rocksdb_options.h"

#include <fmt/format.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include "core/runtime/logging.h"
#include "core/store/summed_row.h"

namespace foldlog {
namespace {

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Sums of summed rows. Never fails: RocksDB would stop all writes; what does not add up becomes a value that says so.
class summing final : public rocksdb::MergeOperator {
 public:
  [[nodiscard]] const char* Name() const override { return "foldlog.summed_row"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::optional<std::string> sum;
    if (in.existing_value != nullptr) sum = in.existing_value->ToString();
    for (const auto& operand : in.operand_list) sum = add_summed(sum, view(operand));
    out->new_value = std::move(*sum);
    return true;
  }

  bool PartialMerge(const rocksdb::Slice&, const rocksdb::Slice& left, const rocksdb::Slice& right, std::string* sum,
                    rocksdb::Logger*) const override {
    auto total = summed_row::decode(view(left));
    const auto more = summed_row::decode(view(right));
    if (!total || !more || !total->add(*more)) return false;  // left to FullMergeV2
    *sum = total->encode();
    return true;
  }
};

class expiring final : public rocksdb::CompactionFilter {
 public:
  explicit expiring(const store_options& options) : prefix_(options.expiring_prefix), expired_(options.expired) {}
  [[nodiscard]] const char* Name() const override { return "foldlog.expiring"; }
  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice& value, std::string*, bool*) const override {
    return view(key).starts_with(prefix_) && expired_(view(key), view(value));
  }

 private:
  std::string prefix_;
  std::function<bool(std::string_view, std::string_view)> expired_;
};

class expiring_factory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit expiring_factory(const store_options& options) : options_(options) {}
  [[nodiscard]] const char* Name() const override { return "foldlog.expiring"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<expiring>(options_);
  }

 private:
  store_options options_;
};

// RocksDB would write a log file beside its data, and Debian's build (assertions on) aborts when that meets a full
// disk. Its errors reach us as statuses anyway; what happens in the background goes to our own log.
class info_log final : public rocksdb::Logger {
 public:
  info_log() : rocksdb::Logger(rocksdb::InfoLogLevel::ERROR_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list values) override {
    if (level != rocksdb::InfoLogLevel::ERROR_LEVEL && level != rocksdb::InfoLogLevel::FATAL_LEVEL) return;
    std::array<char, 400> line{};
    std::vsnprintf(line.data(), line.size(), format, values);
    log(log_level::warning, "the store of the views", {{"rocksdb", line.data()}});
  }
};

void choose_compression(rocksdb::Options& options) {
  const auto there = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::ranges::find(there, rocksdb::kLZ4Compression) != there.end();
  options.compression = lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  options.compression_per_level.assign(static_cast<std::size_t>(options.num_levels), options.compression);
  options.compression_per_level[0] = rocksdb::kNoCompression;  // short-lived: rewritten by the next merge
}

void tune_for_bulk_load(rocksdb::Options& options) {
  options.disable_auto_compactions = true;
  options.level0_slowdown_writes_trigger = 1 << 30;
  options.level0_stop_writes_trigger = 1 << 30;
  options.write_buffer_size = std::max(options.write_buffer_size, std::size_t{256} << 20);
}

}  // namespace

rocksdb::Options rocksdb_options(const store_options& options) {
  rocksdb::Options tuned;
  tuned.create_if_missing = !options.read_only;
  tuned.merge_operator = std::make_shared<summing>();
  tuned.max_successive_merges = 16;
  tuned.allow_concurrent_memtable_write = false;
  tuned.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));  // the kind of key
  tuned.write_buffer_size = options.write_buffer_bytes;
  tuned.max_write_buffer_number = 4;
  tuned.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  tuned.max_open_files = -1;
  tuned.max_background_jobs = 2;
  tuned.max_total_wal_size = 4 * options.write_buffer_bytes;
  tuned.info_log = std::make_shared<info_log>();
  tuned.stats_dump_period_sec = 0;
  tuned.max_manifest_file_size = 16U << 20;
  choose_compression(tuned);

  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  table.block_size = 16U << 10;
  table.format_version = 5;
  tuned.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  if (options.expired) tuned.compaction_filter_factory = std::make_shared<expiring_factory>(options);
  if (options.bulk_load) tune_for_bulk_load(tuned);
  return tuned;
}

rocksdb::WriteOptions rocksdb_write_options(const store_options& options) {
  rocksdb::WriteOptions write;
  write.disableWAL = !options.write_ahead_log || options.bulk_load;
  write.sync = false;
  return write;
}

error rocksdb_error(const rocksdb::Status& status, const std::filesystem::path& folder, std::string_view doing) {
  const auto text = status.ToString();
  const auto sentence = fmt::format("{} {}: {}", doing, folder.string(), text);
  if (status.IsIOError() && !status.IsNoSpace() && text.find("lock") != std::string::npos &&
      text.find("LOCK") != std::string::npos) {
    return {error_kind::conflict,
            fmt::format("{} is open in another process (or twice in this one): {}", folder.string(), text)};
  }
  const bool damaged = status.IsCorruption() || status.IsInvalidArgument() || status.IsMergeInProgress();
  return {damaged ? error_kind::damaged : error_kind::unavailable, sentence};
}

}  // namespace foldlog
