#include "tools/log_audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.h"
#include "core/base/names.h"

namespace foldlog {

log_audit::log_audit(const event_log& of, const schema_registry& schemas, std::chrono::seconds window,
                     std::uint64_t window_commands)
    : log_(of),
      schemas_(schemas),
      window_us_(std::chrono::microseconds(window).count()),
      window_commands_(window_commands) {}

void log_audit::find_fault(partition_id at, offset_t offset, const std::string& what) {
  ++finding_count_;
  if (findings_.size() >= 100) return;
  findings_.push_back(fmt::format("{}: {}", position{{log_.topics()[at.topic], at.partition}, offset}.text(), what));
}

void log_audit::take(partition_id at, const record& next) {
  auto& state = partitions_[at];
  ++counts_.records;
  const auto [judged, commit] = state.reader.feed(next);
  switch (judged) {
    case verdict::claim:
      ++counts_.claims;
      counts_.voids += std::exchange(state.open, 0);
      break;
    case verdict::continues:
      ++state.open;
      break;
    case verdict::ignored:
      ++counts_.voids;
      if (next.kind == record_kind::foreign)
        find_fault(at, next.offset, "a foreign record: it is not one of foldlog's");
      break;
    case verdict::completes:
      state.open = 0;
      take_commit(at, state, commit);
      break;
    case verdict::damaged:
      ++counts_.damaged;
      find_fault(at, next.offset, "the record does not continue its commit");
      break;
  }
}

void log_audit::end() {
  for (auto& [at, state] : partitions_) {
    counts_.open += state.open;
    streams_ += state.streams.size();
  }
}

void log_audit::take_commit(partition_id at, partition_state& state, std::span<const record> commit) {
  const auto& first = commit.front();
  if (first.kind == record_kind::proof) {
    ++counts_.proofs;
    return;
  }
  const auto wanted = partition_of(first.key, log_.partitions());
  if (wanted != at.partition)
    find_fault(at, first.offset, fmt::format("{} belongs to partition {}", first.key, wanted));
  auto& stream = state.streams[std::string(first.key)];
  state.log_time_us = std::max(state.log_time_us, first.time.time_since_epoch().count());
  check_command(at, state, stream, first);
  if (first.kind == record_kind::refusal) {
    ++counts_.refusals;
    return;
  }
  ++counts_.commits;
  for (const auto& event : commit) {
    ++counts_.events;
    if (event.key != first.key || event.command_id != first.command_id)
      find_fault(at, event.offset, "its commit spans several streams or commands");
    check_event(at, stream, event);
  }
}

void log_audit::check_event(partition_id at, stream_state& stream, const record& event) {
  if (event.version != stream.version + 1) {
    ++counts_.damaged;
    find_fault(at, event.offset,
               fmt::format("version {} of {} follows version {}", raw(event.version), event.key, raw(stream.version)));
  }
  stream.version = std::max(stream.version, event.version);
  const auto type = event_type::parse(event.type);
  const auto* schema = type ? schemas_.find(type->domain, type->event, type->schema_version) : nullptr;
  if (schema == nullptr) return find_fault(at, event.offset, fmt::format("nobody knows the event type {}", event.type));
  const auto data = parser_.parse(event.value);
  if (!data) return find_fault(at, event.offset, data.error().text);
  for (const auto& one : schema->validate(*data)) {
    find_fault(at, event.offset,
               fmt::format("{} breaks {} of {}: {}", one.pointer, one.keyword, event.type, one.detail));
  }
}

void log_audit::check_command(partition_id at, partition_state& state, stream_state& stream, const record& first) {
  const auto time_us = state.log_time_us;
  ++stream.commands;
  const auto [known, fresh] =
      stream.used.try_emplace(std::string(first.command_id), used_command{stream.commands, time_us});
  if (fresh) return;
  const bool within = stream.commands - 1 - known->second.ordinal < window_commands_ &&
                      state.log_time_us - known->second.time_us <= window_us_;
  if (within)
    find_fault(at, first.offset, fmt::format("the command id {} was applied twice to {}", first.command_id, first.key));
  known->second = {stream.commands, time_us};
}

}  // namespace foldlog
