#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "core/store/rocksdb_options.h"
#include "core/store/store.h"

namespace foldlog {
namespace {

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The open database; shared by the store and its snapshots, so that iterators go before it does.
struct database {
  std::unique_ptr<rocksdb::DB> db;
  std::filesystem::path folder;
  std::filesystem::path scratch;  ///< read-only: where the secondary instance keeps its own files
  bool flush_at_end = false;
  // db: null after the folder could not be opened anew

  ~database() {
    if (db && flush_at_end) std::ignore = db->Flush(rocksdb::FlushOptions());
    if (db) std::ignore = db->Close();
    db.reset();
    std::error_code ignored;
    if (!scratch.empty()) std::filesystem::remove_all(scratch, ignored);
  }

  [[nodiscard]] error not_open() const {
    return {error_kind::unavailable, fmt::format("{} could not be opened again yet", folder.string())};
  }
  [[nodiscard]] error why(const rocksdb::Status& status, std::string_view doing) const {
    return rocksdb_error(status, folder, doing);
  }
  [[nodiscard]] result<std::optional<std::string>> get(const rocksdb::ReadOptions& options,
                                                       std::string_view key) const {
    if (!db) return std::unexpected(not_open());
    std::string value;
    const auto status = db->Get(options, {key.data(), key.size()}, &value);
    if (status.ok()) return std::optional(std::move(value));
    if (status.IsNotFound()) return std::optional<std::string>();
    return std::unexpected(why(status, "reading"));
  }
};

// Changes are handed to RocksDB in the order of their keys (and those of one key in theirs): together with the insert
// hints of rocksdb_options() a big batch then costs a walk through the memtable instead of a search for each key (4x).
class rocksdb_batch final : public store_batch {
 public:
  void put(std::string_view key, std::string_view value) override { push(kind::put, key, value); }
  void erase(std::string_view key) override { push(kind::erase, key, {}); }
  void add(std::string_view key, std::string_view row) override { push(kind::add, key, row); }
  void clear() override {
    bytes_.clear();
    changes_.clear();
    sorted_.Clear();
  }
  [[nodiscard]] std::size_t bytes() const override { return bytes_.size() + changes_.size() * sizeof(change); }

  [[nodiscard]] rocksdb::WriteBatch& sorted() {
    if (sorted_.Count() == static_cast<std::uint32_t>(changes_.size())) return sorted_;
    sorted_.Clear();
    std::ranges::sort(changes_, [this](const change& left, const change& right) {
      const auto order = key(left) <=> key(right);
      return order == 0 ? left.begin < right.begin : order < 0;
    });
    for (const auto& each : changes_) {
      const auto at = slice(key(each));
      const rocksdb::Slice value(bytes_.data() + each.begin + each.key_size, each.value_size);
      switch (each.what) {
        case kind::put:
          std::ignore = sorted_.Put(at, value);
          break;
        case kind::erase:
          std::ignore = sorted_.Delete(at);
          break;
        case kind::add:
          std::ignore = sorted_.Merge(at, value);
          break;
      }
    }
    return sorted_;
  }

 private:
  enum class kind : std::uint8_t { put, erase, add };
  struct change {
    std::size_t begin;
    std::uint32_t key_size;
    std::uint32_t value_size;
    kind what;
  };

  void push(kind what, std::string_view key, std::string_view value) {
    changes_.push_back(
        {bytes_.size(), static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size()), what});
    bytes_.append(key).append(value);
  }
  [[nodiscard]] std::string_view key(const change& of) const { return {bytes_.data() + of.begin, of.key_size}; }
  static rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

  std::string bytes_;
  std::vector<change> changes_;
  rocksdb::WriteBatch sorted_;
};

// The first key behind all that begin with the prefix; empty: there is none.
std::string end_of_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

class rocksdb_iterator final : public store_iterator {
 public:
  rocksdb_iterator(std::shared_ptr<const void> keeper, const database& from, rocksdb::ReadOptions options,
                   std::string_view prefix)
      : keeper_(std::move(keeper)),
        from_(from),
        lower_(prefix),
        upper_(end_of_prefix(lower_)),
        lower_slice_(lower_),
        upper_slice_(upper_) {
    options.iterate_lower_bound = &lower_slice_;
    if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
    iterator_.reset(from_.db ? from_.db->NewIterator(options)
                             : rocksdb::NewErrorIterator(rocksdb::Status::IOError("not open")));
  }

  void seek(std::string_view key) override { iterator_->Seek({key.data(), key.size()}); }
  void seek_for_prev(std::string_view key) override {
    // RocksDB's own bound is exclusive and lets through an iterator beyond it: step back from the bound instead.
    if (!upper_.empty() && key >= upper_) {
      iterator_->SeekToLast();
    } else {
      iterator_->SeekForPrev({key.data(), key.size()});
    }
  }
  void next() override { iterator_->Next(); }
  void prev() override { iterator_->Prev(); }
  [[nodiscard]] bool valid() const override { return iterator_->Valid(); }
  [[nodiscard]] std::string_view key() const override { return view(iterator_->key()); }
  [[nodiscard]] std::string_view value() const override { return view(iterator_->value()); }
  [[nodiscard]] result<void> status() const override {
    const auto status = iterator_->status();
    if (status.ok()) return {};
    return std::unexpected(from_.why(status, "reading"));
  }

 private:
  std::shared_ptr<const void> keeper_;  // declared first: goes last
  const database& from_;
  std::string lower_;
  std::string upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class rocksdb_snapshot final : public store_snapshot, public std::enable_shared_from_this<rocksdb_snapshot> {
 public:
  explicit rocksdb_snapshot(std::shared_ptr<const database> from)
      : from_(std::move(from)), taken_(from_->db && from_->scratch.empty() ? from_->db->GetSnapshot() : nullptr) {
    options_.snapshot = taken_;  // a secondary instance never changes after it was opened and needs none
  }
  ~rocksdb_snapshot() override {
    if (taken_ != nullptr) from_->db->ReleaseSnapshot(taken_);
  }
  rocksdb_snapshot(const rocksdb_snapshot&) = delete;
  rocksdb_snapshot& operator=(const rocksdb_snapshot&) = delete;

  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override {
    return from_->get(options_, key);
  }
  [[nodiscard]] std::unique_ptr<store_iterator> iterate(std::string_view prefix) const override {
    return std::make_unique<rocksdb_iterator>(shared_from_this(), *from_, options_, prefix);
  }

 private:
  std::shared_ptr<const database> from_;
  const rocksdb::Snapshot* taken_;
  rocksdb::ReadOptions options_;
};

result<std::shared_ptr<database>> open_database(const store_options& options) {
  auto open = std::make_shared<database>();
  open->folder = options.folder;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(rocksdb_options(options), options.folder, &db);
  open->db.reset(db);
  if (!status.ok()) return std::unexpected(open->why(status, "opening"));
  open->flush_at_end = rocksdb_write_options(options).disableWAL;
  return open;
}

class rocksdb_store final : public store {
 public:
  rocksdb_store(std::shared_ptr<database> open, const store_options& options)
      : options_(options), write_(rocksdb_write_options(options)), open_(std::move(open)) {}

  [[nodiscard]] std::unique_ptr<store_batch> make_batch() const override { return std::make_unique<rocksdb_batch>(); }
  [[nodiscard]] result<void> write(store_batch& batch) override;
  [[nodiscard]] result<void> flush() override;

  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override {
    return now()->get(rocksdb::ReadOptions(), key);
  }
  [[nodiscard]] std::vector<result<std::optional<std::string>>> get(
      const std::vector<std::string>& keys) const override;
  [[nodiscard]] std::shared_ptr<const store_snapshot> snapshot() const override {
    return std::make_shared<rocksdb_snapshot>(now());
  }
  [[nodiscard]] std::uint64_t generation() const override {
    const auto open = now();
    return open->db ? open->db->GetLatestSequenceNumber() : 0;
  }

 private:
  [[nodiscard]] std::shared_ptr<database> now() const {
    const std::shared_lock lock(mutex_);
    return open_;
  }
  [[nodiscard]] result<void> check_room(std::size_t bytes) const;
  [[nodiscard]] result<void> note(const rocksdb::Status& status, std::string_view doing);
  [[nodiscard]] result<void> reopen();

  store_options options_;
  rocksdb::WriteOptions write_;
  mutable std::shared_mutex mutex_;  ///< of open_
  std::shared_ptr<database> open_;
  std::mutex writing_;
  bool log_broken_ =
      false;  ///< the write-ahead log met an error: it takes nothing more until the folder is opened anew
};

// After a failed append RocksDB 7.8 may go on with the very same file of its write-ahead log, and Debian's build
// (assertions on) aborts there: so that file is never filled up, and after an error it is never written again.
result<void> rocksdb_store::write(store_batch& batch) {
  const std::lock_guard lock(writing_);
  auto& changes = static_cast<rocksdb_batch&>(batch).sorted();
  if (!options_.read_only) {
    const auto room = check_room(changes.GetDataSize());
    if (!room) return room;
  }
  if (log_broken_) {
    const auto reopened = reopen();
    if (!reopened) return reopened;
  }
  const auto open = now();
  auto wrote = note(open->db->Write(write_, &changes), "writing to");
  // A failed flush stops all writes until RocksDB is told to go on.
  const bool stopped = !wrote && !log_broken_ && !options_.read_only;
  if (stopped && open->db->Resume().ok()) wrote = note(open->db->Write(write_, &changes), "writing to");
  return wrote;
}

result<void> rocksdb_store::flush() {
  const std::lock_guard lock(writing_);
  const auto open = now();
  if (!open->db) return std::unexpected(open->not_open());
  if (write_.disableWAL || log_broken_) return note(open->db->Flush(rocksdb::FlushOptions()), "flushing");
  return note(open->db->FlushWAL(true), "flushing");
}

std::vector<result<std::optional<std::string>>> rocksdb_store::get(const std::vector<std::string>& keys) const {
  const auto open = now();
  if (!open->db) return std::vector<result<std::optional<std::string>>>(keys.size(), std::unexpected(open->not_open()));
  std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<std::string> values;
  const auto statuses = open->db->MultiGet(rocksdb::ReadOptions(), slices, &values);
  std::vector<result<std::optional<std::string>>> found;
  found.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      found.emplace_back(std::move(values[i]));
    } else if (statuses[i].IsNotFound()) {
      found.emplace_back(std::nullopt);
    } else {
      found.emplace_back(std::unexpected(open->why(statuses[i], "reading")));
    }
  }
  return found;
}

result<void> rocksdb_store::check_room(std::size_t bytes) const {
  constexpr std::uintmax_t margin = 4U << 20;
  std::error_code failed;
  const auto space = std::filesystem::space(options_.folder, failed);
  if (failed || space.available >= margin + 2 * bytes) return {};
  return fail(error_kind::unavailable,
              fmt::format("the disk of {} is full: {} KiB are free", options_.folder.string(), space.available >> 10));
}

result<void> rocksdb_store::note(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  auto why = open_->why(status, doing);
  if (status.IsIOError() && !write_.disableWAL && why.text.find(".log") != std::string::npos) log_broken_ = true;
  return std::unexpected(std::move(why));
}

// Needs the folder for itself: as long as somebody holds a snapshot the old one stays, readable as before.
result<void> rocksdb_store::reopen() {
  const std::unique_lock lock(mutex_);
  if (open_.use_count() > 1) {
    return fail(error_kind::unavailable,
                fmt::format("{} waits for its readers before it is opened anew", options_.folder.string()));
  }
  open_.reset();
  auto opened = open_database(options_);
  if (!opened) {
    // Without its database there is nothing to read either; the next write tries again.
    open_ = std::make_shared<database>();
    open_->folder = options_.folder;
    return std::unexpected(std::move(opened.error()));
  }
  open_ = *std::move(opened);
  log_broken_ = false;
  return {};
}

result<std::filesystem::path> make_scratch_folder() {
  auto name = (std::filesystem::temp_directory_path() / fmt::format("foldlog-read-{}-XXXXXX", getpid())).string();
  if (mkdtemp(name.data()) == nullptr) {
    return fail(error_kind::unavailable,
                fmt::format("no folder can be made under {}", std::filesystem::temp_directory_path().string()));
  }
  return std::filesystem::path(name);
}

// A live primary may remove files between the reading of its manifest and their opening: look again then.
rocksdb::Status open_secondary(const store_options& options, const std::filesystem::path& scratch, rocksdb::DB** db) {
  constexpr int attempts = 50;
  rocksdb::Status status;
  for (int i = 0; i < attempts; ++i) {
    status = rocksdb::DB::OpenAsSecondary(rocksdb_options(options), options.folder, scratch, db);
    const bool vanished = status.IsPathNotFound() || status.IsTryAgain() || status.IsIOError() || status.IsCorruption();
    if (status.ok() || !vanished) return status;
    if (status.IsCorruption() && i >= 5) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return status;
}

result<std::unique_ptr<store>> open_beside(const store_options& options) {
  if (!std::filesystem::exists(options.folder / "CURRENT")) {
    return fail(error_kind::not_found, fmt::format("there is no store in {}", options.folder.string()));
  }
  auto scratch = make_scratch_folder();
  if (!scratch) return std::unexpected(scratch.error());
  auto open = std::make_shared<database>();
  open->folder = options.folder;
  open->scratch = *scratch;
  rocksdb::DB* db = nullptr;
  const auto status = open_secondary(options, *scratch, &db);
  open->db.reset(db);
  if (!status.ok()) return std::unexpected(open->why(status, "opening"));
  return std::make_unique<rocksdb_store>(std::move(open), options);
}

}  // namespace

result<std::unique_ptr<store>> open_store(const store_options& options) {
  if (options.read_only) return open_beside(options);
  std::error_code failed;
  std::filesystem::create_directories(options.folder, failed);
  if (failed) {
    return fail(error_kind::unavailable,
                fmt::format("the folder {} cannot be made: {}", options.folder.string(), failed.message()));
  }
  auto open = open_database(options);
  if (!open) return std::unexpected(std::move(open.error()));
  return std::make_unique<rocksdb_store>(*std::move(open), options);
}

}  // namespace foldlog
