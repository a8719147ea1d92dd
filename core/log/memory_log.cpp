#include "core/log/memory_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <optional>

#include "core/log/record_codec.h"

namespace foldlog {

/// The encoded records of all partitions. They never move and never change: batches point into them.
class memory_log::storage final : public record_source, public std::enable_shared_from_this<storage> {
 public:
  storage(std::vector<std::string> topics, std::int32_t partitions)
      : topics_(std::move(topics)),
        partitions_(partitions),
        records_(topics_.size() * static_cast<std::size_t>(partitions)) {}

  [[nodiscard]] const std::vector<std::string>& topics() const { return topics_; }
  [[nodiscard]] std::int32_t partitions() const { return partitions_; }

  offset_t write(partition_id to, std::vector<std::string> encoded) {
    std::vector<std::shared_ptr<reader_hub>> hubs;
    offset_t first = no_offset;
    {
      const std::scoped_lock lock(mutex_);
      auto& records = records_[index(to)];
      first = offset_t{static_cast<std::int64_t>(records.size())};
      for (auto& each : encoded) records.push_back(std::make_unique<const std::string>(std::move(each)));
      std::erase_if(hubs_, [](const auto& hub) { return hub.expired(); });
      for (const auto& hub : hubs_) hubs.push_back(hub.lock());
    }
    for (const auto& hub : hubs) {
      if (hub) hub->wake();
    }
    return first;
  }

  void corrupt(partition_id at, offset_t offset) {
    const std::scoped_lock lock(mutex_);
    auto& bytes = records_[index(at)].at(static_cast<std::size_t>(raw(offset)));
    std::string changed = *bytes;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 0x10);
    replaced_.push_back(std::exchange(bytes, std::make_unique<const std::string>(std::move(changed))));
  }

  void tell(const std::shared_ptr<reader_hub>& hub) {
    const std::scoped_lock lock(mutex_);
    hubs_.push_back(hub);
  }

  [[nodiscard]] offset_t end(partition_id of) const override {
    const std::scoped_lock lock(mutex_);
    return offset_t{static_cast<std::int64_t>(records_[index(of)].size())};
  }
  [[nodiscard]] std::unique_ptr<scanner> scan(partition_id of) override;

 private:
  friend class memory_scanner;
  [[nodiscard]] std::size_t index(partition_id of) const {
    assert(of.topic < topics_.size() && of.partition >= 0 && of.partition < partitions_);
    return of.topic * static_cast<std::size_t>(partitions_) + static_cast<std::size_t>(of.partition);
  }

  std::vector<std::string> topics_;
  std::int32_t partitions_;
  mutable std::mutex mutex_;
  std::vector<std::vector<std::unique_ptr<const std::string>>> records_;
  std::vector<std::unique_ptr<const std::string>> replaced_;
  std::vector<std::weak_ptr<reader_hub>> hubs_;
};

class memory_scanner final : public record_source::scanner {
 public:
  memory_scanner(std::weak_ptr<memory_log::storage> storage, partition_id of) : storage_(std::move(storage)), of_(of) {}

  result<progress> scan(offset_t from, offset_t end, const read_limits& limits, record_batch& into) override {
    const auto storage = storage_.lock();
    progress reached{from, 0};
    const std::scoped_lock lock(storage->mutex_);
    const auto& records = storage->records_[storage->index(of_)];
    for (std::size_t count = 0; count < limits.records && reached.next < end; ++count) {
      if (count != 0 && reached.bytes >= limits.bytes) break;
      const auto& bytes = *records[static_cast<std::size_t>(raw(reached.next))];
      auto decoded = decode_record(bytes, reached.next);
      if (!decoded && count == 0) return std::unexpected(decoded.error());
      if (!decoded) break;
      into.items.push_back({of_.topic, of_.partition, *decoded});
      reached.bytes += bytes.size();
      reached.next = next(reached.next);
    }
    into.owners.push_back(storage);
    return reached;
  }

 private:
  std::weak_ptr<memory_log::storage> storage_;  ///< the reader that owns this scanner holds the storage
  partition_id of_;
};

std::unique_ptr<record_source::scanner> memory_log::storage::scan(partition_id of) {
  return std::make_unique<memory_scanner>(weak_from_this(), of);
}

std::shared_ptr<memory_log::storage> memory_log::make_storage(std::vector<std::string> topics,
                                                              std::int32_t partitions) {
  return std::make_shared<storage>(std::move(topics), partitions);
}

memory_log::memory_log(std::shared_ptr<storage> records, boost::asio::any_io_executor executor, bool shared)
    : storage_(std::move(records)),
      completions_(std::make_shared<completion_queue>(std::move(executor))),
      shared_(shared) {
  storage_->tell(hub_);
}

memory_log::memory_log(std::vector<std::string> topics, std::int32_t partitions, boost::asio::any_io_executor executor)
    : memory_log(make_storage(std::move(topics), partitions), std::move(executor)) {}

memory_log::~memory_log() { close(); }

void memory_log::fail_append(std::size_t n, append_fault how) {
  assert(n > 0);
  const std::scoped_lock lock(mutex_);
  faults_[n - 1] = how;
}

void memory_log::fail_appends(append_fault how) {
  const std::scoped_lock lock(mutex_);
  standing_fault_ = how;
}

void memory_log::heal() {
  const std::scoped_lock lock(mutex_);
  standing_fault_.reset();
  faults_.clear();
}

void memory_log::land() {
  std::vector<late_append> landing;
  {
    const std::scoped_lock lock(mutex_);
    landing.swap(late_);
  }
  for (auto& [to, records] : landing) storage_->write(to, std::move(records));
}

void memory_log::corrupt(partition_id at, offset_t offset) { storage_->corrupt(at, offset); }

const std::vector<std::string>& memory_log::topics() const { return storage_->topics(); }
std::int32_t memory_log::partitions() const { return storage_->partitions(); }

std::optional<append_fault> memory_log::next_fault() {
  const std::scoped_lock lock(mutex_);
  std::optional<append_fault> fault = standing_fault_;
  std::map<std::size_t, append_fault> later;
  for (const auto& [before, how] : faults_) {
    if (before == 0) fault = how;
    if (before != 0) later.emplace(before - 1, how);
  }
  faults_ = std::move(later);
  return fault;
}

append_result memory_log::perform(partition_id to, std::vector<std::string> encoded) {
  const auto fault = next_fault();
  append_result outcome{append_status::unknown, no_offset, false, {error_kind::unknown, "a planted fault"}};
  if (!fault) return {append_status::acknowledged, storage_->write(to, std::move(encoded)), true, {}};
  switch (*fault) {
    case append_fault::refused:
      outcome.status = append_status::refused;
      outcome.error.kind = error_kind::unavailable;
      break;
    case append_fault::lost:
      break;
    case append_fault::written:
      storage_->write(to, std::move(encoded));
      break;
    case append_fault::late: {
      const std::scoped_lock lock(mutex_);
      late_.push_back({to, std::move(encoded)});
      break;
    }
    case append_fault::doubled:
      outcome = {append_status::acknowledged, storage_->write(to, encoded), true, {}};
      storage_->write(to, std::move(encoded));
      break;
    case append_fault::misreported:
      storage_->write(to, std::move(encoded));
      outcome = {append_status::acknowledged, no_offset, false, {}};
      break;
  }
  return outcome;
}

void memory_log::append(partition_id to, std::span<const record> records, append_handler done) {
  assert(!records.empty());
  std::vector<std::string> encoded(records.size());
  std::size_t bytes = 0;
  for (std::size_t n = 0; n < records.size(); ++n) {
    encode_record(encoded[n], records[n]);
    bytes += encoded[n].size();
  }
  std::vector<completion_queue::completion> finished;
  if (bytes > append_bytes_max) {
    auto reason = fmt::format("an append of {} bytes; at most {} are taken", bytes, append_bytes_max);
    finished.push_back(
        {std::move(done), {append_status::refused, no_offset, false, {error_kind::too_large, std::move(reason)}}});
  } else {
    auto outcome = perform(to, std::move(encoded));
    finished.push_back({std::move(done), std::move(outcome)});
  }
  completions_->push(finished);
}

std::unique_ptr<log_reader> memory_log::open_reader(std::vector<start> starts, ready_handler ready) {
  return make_shared_reader(storage_, hub_, starts, std::move(ready));
}

void memory_log::fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) {
  done(read_range(*storage_, from, first, last));
}

result<offset_t> memory_log::end_offset(partition_id of) const { return storage_->end(of); }
result<offset_t> memory_log::query_end_offset(partition_id of) { return storage_->end(of); }

log_health memory_log::health() const {
  const std::scoped_lock lock(mutex_);
  return {!standing_fault_, true, standing_fault_ ? "appends fail: a planted fault" : ""};
}

void memory_log::close() {
  completions_->finish();
  hub_->close();
}

}  // namespace foldlog
