#include <fmt/format.h>
#include <rocksdb/db.h>

#include <algorithm>

#include "core/log/embedded_log_database.h"
#include "core/log/embedded_log_store.h"
#include "core/log/record_codec.h"

namespace foldlog {
namespace {

constexpr std::size_t chunk_size = 64U << 10;

/// A copy of the bytes that lives as long as the batch: many records share a chunk.
std::string_view copy_into(record_batch& batch, const rocksdb::Slice& bytes) {
  const bool fits =
      !batch.storage.empty() && batch.storage.back().capacity() - batch.storage.back().size() >= bytes.size();
  if (!fits) batch.storage.emplace_back().reserve(std::max(chunk_size, bytes.size()));
  auto& chunk = batch.storage.back();
  const std::size_t begin = chunk.size();
  chunk.append(bytes.data(), bytes.size());  // within its capacity: nothing moves
  return std::string_view(chunk).substr(begin);
}

}  // namespace

/// Reads a partition with one iterator as long as there is more than was asked for, so that RocksDB reads ahead; none
/// is kept at the end, where it would hold old memtables.
class embedded_log_store::partition_scanner final : public record_source::scanner {
 public:
  partition_scanner(embedded_log_store& store, partition_id of)
      : store_(store),
        of_(of),
        prefix_(store.recorded_topic_[of.topic].value_or(0), of.partition),
        upper_bound_(prefix_.key(no_offset)),
        upper_(upper_bound_.slice()) {
    const std::scoped_lock lock(store_.scanners_mutex_);
    store_.scanners_.insert(this);
  }
  ~partition_scanner() override {
    const std::shared_lock database_lock(store_.database_mutex_);
    iterator_.reset();
    const std::scoped_lock lock(store_.scanners_mutex_);
    store_.scanners_.erase(this);
  }
  partition_scanner(const partition_scanner&) = delete;
  partition_scanner& operator=(const partition_scanner&) = delete;

  result<progress> scan(offset_t from, offset_t end, const read_limits& limits, record_batch& into) override {
    const std::shared_lock lock(store_.database_mutex_);
    if (!store_.database_) {
      return fail(error_kind::unavailable, fmt::format("the log in {} is closed at present", store_.folder_.string()));
    }
    progress reached{from, 0};
    if (!stand_at(from)) return std::unexpected(missing(from));
    for (std::size_t count = 0; count < limits.records && reached.next < end; ++count) {
      if (count != 0 && reached.bytes >= limits.bytes) break;
      if (!iterator_->Valid() && !stand_at(reached.next)) break;  // its snapshot ends here: a new one, or a gap
      if (auto added = add_current(reached, into); !added) {
        if (count == 0) return std::unexpected(added.error());
        break;
      }
      iterator_->Next();
    }
    if (reached.next == from) return std::unexpected(missing(from));
    if (reached.next == end) iterator_.reset();
    stands_at_ = reached.next;
    return reached;
  }

  void release() { iterator_.reset(); }

 private:
  bool stand_at(offset_t offset) {
    if (iterator_ && iterator_->Valid() && stands_at_ == offset) return true;
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper_;
    iterator_.reset(store_.database_->NewIterator(options));
    iterator_->Seek(prefix_.key(offset).slice());
    stands_at_ = offset;
    return iterator_->Valid();
  }

  result<void> add_current(progress& reached, record_batch& into) {
    const auto key = iterator_->key();
    if (!prefix_.matches(key) || embedded::offset_in(key) != reached.next)
      return std::unexpected(missing(reached.next));
    const auto bytes = copy_into(into, iterator_->value());
    const auto decoded = decode_record(bytes, reached.next);
    if (!decoded) return std::unexpected(at_place(decoded.error()));
    into.items.push_back({of_.topic, of_.partition, *decoded});
    reached.bytes += bytes.size();
    reached.next = next(reached.next);
    return {};
  }

  error missing(offset_t offset) {
    const bool failed = iterator_ && !iterator_->status().ok();
    if (failed) return at_place(embedded::to_error(iterator_->status(), store_.folder_));
    return at_place({error_kind::damaged, fmt::format("the record at offset {} is missing", raw(offset))});
  }
  [[nodiscard]] error at_place(const error& cause) const {
    return {cause.kind, fmt::format("{}/{}: {}", store_.topics_[of_.topic], of_.partition, cause.text)};
  }

  embedded_log_store& store_;
  partition_id of_;
  embedded::partition_prefix prefix_;
  embedded::record_key upper_bound_;  ///< offset -1 sorts behind all others
  rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  offset_t stands_at_ = no_offset;
};

std::unique_ptr<record_source::scanner> embedded_log_store::scan(partition_id of) {
  (void)index(of);
  return std::make_unique<partition_scanner>(*this, of);
}

void embedded_log_store::close_locked() {
  {
    const std::scoped_lock lock(scanners_mutex_);
    for (auto* scanner : scanners_) scanner->release();
  }
  database_.reset();
}

}  // namespace foldlog
