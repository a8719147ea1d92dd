#include "test/simulation/log_storage.h"

#include <array>
#include <cassert>
#include <tuple>

namespace foldlog::test {

kept_record::kept_record(const record& from) : view(from) {
  const std::array views{&view.key,          &view.type,  &view.value,      &view.command_id, &view.correlation_id,
                         &view.causation_id, &view.actor, &view.traceparent};
  std::size_t size = 0;
  for (const auto* each : views) size += each->size();
  text.reserve(size);
  for (auto* each : views) {
    const auto begin = text.size();
    text.append(*each);
    *each = std::string_view(text.data() + begin, each->size());
  }
}

log_storage::place log_storage::land(std::int32_t partition, std::span<const kept_record* const> records) {
  auto& log = all_[static_cast<std::size_t>(partition)];
  const offset_t first{static_cast<std::int64_t>(log.records.size())};
  log.records.insert(log.records.end(), records.begin(), records.end());
  return {first, log.leader};
}

bool log_storage::commit(std::int32_t partition, std::uint64_t leader, offset_t end) {
  auto& log = all_[static_cast<std::size_t>(partition)];
  if (log.leader != leader) return false;
  const bool grows = log.committed < end;
  while (log.committed < end) {
    const auto seen = at(partition, log.committed);
    log.committed = next(log.committed);
    if (watch_) watch_(partition, seen.offset, seen);
  }
  if (grows && grown_) grown_(partition);
  return true;
}

std::size_t log_storage::truncate(std::int32_t partition) {
  auto& log = all_[static_cast<std::size_t>(partition)];
  const auto gone = log.records.size() - static_cast<std::size_t>(raw(log.committed));
  log.records.resize(static_cast<std::size_t>(raw(log.committed)));
  ++log.leader;
  return gone;
}

void log_storage::settle(std::int32_t partition, bool stays) {
  const auto& log = of(partition);
  if (stays) std::ignore = commit(partition, log.leader, offset_t{static_cast<std::int64_t>(log.records.size())});
  truncate(partition);
}

record log_storage::at(std::int32_t partition, offset_t offset) const {
  record found = of(partition).records[static_cast<std::size_t>(raw(offset))]->view;
  found.offset = offset;
  if (found.kind == record_kind::claim) found.epoch.offset = offset;
  return found;
}

bool log_storage::readable(std::int32_t partition, offset_t offset) const {
  return !of(partition).records[static_cast<std::size_t>(raw(offset))]->flipped;
}

void log_storage::flip(std::int32_t partition, offset_t offset) {
  auto& log = all_[static_cast<std::size_t>(partition)];
  auto& place = log.records[static_cast<std::size_t>(raw(offset))];
  auto& damaged = records_.emplace_back(place->view);
  damaged.flipped = true;
  place = &damaged;
}

void log_storage::cut(std::int32_t partition, offset_t end) {
  auto& log = all_[static_cast<std::size_t>(partition)];
  assert(end <= log.committed);
  log.records.resize(static_cast<std::size_t>(raw(end)));
  log.committed = end;
  ++log.leader;
}

}  // namespace foldlog::test
