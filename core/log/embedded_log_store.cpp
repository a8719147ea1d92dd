#include "core/log/embedded_log_store.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/fail_point.h"
#include "core/log/checksum.h"
#include "core/log/embedded_log_database.h"

namespace foldlog {
namespace {

constexpr std::uint32_t format_version = 1;
constexpr std::int32_t partitions_max = 100'000;

}  // namespace

embedded_log_store::write_group::write_group() : batch_(std::make_unique<rocksdb::WriteBatch>()) {}
embedded_log_store::write_group::~write_group() = default;

embedded_log_store::embedded_log_store(const log_options& options)
    : folder_(options.data / "log"), read_only_(options.read_only), create_(options.create) {}

embedded_log_store::~embedded_log_store() { close(); }

result<std::shared_ptr<embedded_log_store>> embedded_log_store::open(const log_options& options) {
  std::shared_ptr<embedded_log_store> store(new embedded_log_store(options));
  if (auto opened = store->open_database(); !opened) return std::unexpected(opened.error());
  if (auto adopted = store->adopt_description(options); !adopted) return std::unexpected(adopted.error());
  const std::size_t count = store->topics_.size() * static_cast<std::size_t>(store->partitions_);
  store->ends_ = std::make_unique<std::atomic<std::int64_t>[]>(count);
  const auto ends = store->find_ends();
  if (!ends) return std::unexpected(ends.error());
  store->publish(*ends);
  return store;
}

result<void> embedded_log_store::adopt_description(const log_options& options) {
  auto found = read_description();
  if (!found) return std::unexpected(found.error());
  if (!*found && (read_only_ || !create_)) {
    return fail(error_kind::not_found, fmt::format("there is no log in {} yet", folder_.string()));
  }
  if (!*found && (options.partitions < 1 || options.partitions > partitions_max)) {
    return fail(error_kind::invalid, fmt::format("a new log needs a partition count from 1 to {}, not {}",
                                                 partitions_max, options.partitions));
  }
  recorded description = found->value_or(recorded{options.partitions, {}});
  if (options.partitions != 0 && options.partitions != description.partitions) {
    return fail(
        error_kind::conflict,
        fmt::format("the log in {} has {} partitions, {} were asked for: the count is fixed when a log is created",
                    folder_.string(), description.partitions, options.partitions));
  }
  bool changed = !*found;
  for (const auto& topic : options.topics) {
    if (read_only_ || std::ranges::find(description.topics, topic) != description.topics.end()) continue;
    description.topics.push_back(topic);
    changed = true;
  }
  if (changed) {
    if (auto written = write_description(description); !written) return written;
  }
  partitions_ = description.partitions;
  topics_ = options.topics.empty() ? description.topics : options.topics;
  for (const auto& topic : topics_) {
    const auto at = std::ranges::find(description.topics, topic) - description.topics.begin();
    const bool is_recorded = static_cast<std::size_t>(at) < description.topics.size();
    recorded_topic_.push_back(is_recorded ? std::optional(static_cast<std::uint32_t>(at)) : std::nullopt);
  }
  return {};
}

result<std::optional<embedded_log_store::recorded>> embedded_log_store::read_description() {
  std::string bytes;
  const auto status = database_->Get({}, embedded::description_key(), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(embedded::to_error(status, folder_));
  byte_reader in(bytes);
  const std::uint32_t checksum = in.u32();
  const bool intact = in.ok() && checksum == crc32c(in.rest());
  const std::uint32_t format = in.u32();
  if (intact && format != format_version) {
    return fail(error_kind::conflict, fmt::format("the log in {} has format {}, this program knows format {}",
                                                  folder_.string(), format, format_version));
  }
  recorded description;
  description.partitions = static_cast<std::int32_t>(in.u32());
  for (auto count = in.varint(); count > 0 && in.ok(); --count) description.topics.emplace_back(in.string());
  if (!intact || !in.ok() || !in.at_end() || description.partitions < 1) {
    return fail(error_kind::damaged, fmt::format("the description of the log in {} is damaged", folder_.string()));
  }
  return description;
}

result<void> embedded_log_store::write_description(const recorded& description) {
  std::string body;
  put_u32(body, format_version);
  put_u32(body, static_cast<std::uint32_t>(description.partitions));
  put_varint(body, description.topics.size());
  for (const auto& topic : description.topics) put_string(body, topic);
  std::string bytes;
  put_u32(bytes, crc32c(body));
  bytes += body;
  const auto status = database_->Put(embedded::synced(), embedded::description_key(), bytes);
  if (!status.ok()) return std::unexpected(embedded::to_error(status, folder_));
  return {};
}

std::size_t embedded_log_store::index(partition_id of) const {
  assert(of.topic < topics_.size() && of.partition >= 0 && of.partition < partitions_ && "no such partition");
  return of.topic * static_cast<std::size_t>(partitions_) + static_cast<std::size_t>(of.partition);
}

offset_t embedded_log_store::end(partition_id of) const { return offset_t{ends_[index(of)].load()}; }

bool embedded_log_store::readable() const {
  const std::shared_lock lock(database_mutex_);
  return database_ != nullptr;
}

/// The caller has the database for itself or shares it.
result<std::vector<std::int64_t>> embedded_log_store::find_ends() {
  const std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator({}));
  std::vector<std::int64_t> ends;
  for (const auto& topic : recorded_topic_) {
    for (std::int32_t partition = 0; partition < partitions_; ++partition) {
      ends.push_back(0);
      if (!topic) continue;
      const embedded::partition_prefix prefix(*topic, partition);
      iterator->SeekForPrev(prefix.key(offset_t{std::numeric_limits<std::int64_t>::max()}).slice());
      if (!iterator->status().ok()) return std::unexpected(embedded::to_error(iterator->status(), folder_));
      if (iterator->Valid() && prefix.matches(iterator->key()))
        ends.back() = raw(embedded::offset_in(iterator->key())) + 1;
    }
  }
  return ends;
}

void embedded_log_store::publish(const std::vector<std::int64_t>& ends) {
  for (std::size_t n = 0; n < ends.size(); ++n) ends_[n] = ends[n];
  next_ = ends;
}

offset_t embedded_log_store::add(write_group& group, partition_id to, std::string_view encoded) {
  const std::size_t at = index(to);
  const offset_t offset{next_[at]++};
  if (raw(offset) == ends_[at].load(std::memory_order_relaxed)) group.touched_.push_back(at);
  const auto key = embedded::partition_prefix(*recorded_topic_[to.topic], to.partition).key(offset);
  const auto added = group.batch_->Put(key.slice(), rocksdb::Slice(encoded.data(), encoded.size()));
  assert(added.ok());
  (void)added;
  return offset;
}

result<void> embedded_log_store::commit(write_group& group) {
  assert(!failed_ && !read_only_);
  fail_point("log-before-commit");
  const auto status = database_->Write(embedded::synced(), group.batch_.get());
  fail_point("log-after-commit");
  group.batch_->Clear();
  failed_ = !status.ok();
  const auto touched = std::exchange(group.touched_, {});
  if (failed_) return std::unexpected(embedded::to_error(status, folder_));  // reopen() finds where the partitions end
  for (const std::size_t at : touched) ends_[at] = next_[at];
  return {};
}

result<void> embedded_log_store::reopen() {
  if (auto writable = probe_disk(); !writable) return writable;
  if (auto swapped = swap_database(); !swapped) return swapped;
  failed_ = false;
  return {};
}

result<void> embedded_log_store::swap_database() {
  const std::unique_lock lock(database_mutex_);
  close_locked();
  if (auto opened = open_database(); !opened) return opened;
  auto ends = find_ends();
  if (!ends) {
    close_locked();
    return std::unexpected(ends.error());
  }
  for (std::size_t n = 0; n < ends->size(); ++n) {
    if ((*ends)[n] >= ends_[n]) continue;
    close_locked();
    return fail(error_kind::damaged, fmt::format("the log in {} has lost acknowledged records", folder_.string()));
  }
  publish(*ends);
  return {};
}

void embedded_log_store::close() {
  const std::unique_lock lock(database_mutex_);
  close_locked();
  std::error_code ignored;
  if (!secondary_folder_.empty()) std::filesystem::remove_all(secondary_folder_, ignored);
}

}  // namespace foldlog
