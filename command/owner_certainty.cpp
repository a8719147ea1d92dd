// What the owner knows for certain: append results in their order, answers that may leave, rows for the write model.
#include <algorithm>

#include "command/owner.h"
#include "core/base/planted.h"

namespace foldlog {

void owner::settle_front() {
  while (!in_flight_.empty() && in_flight_.front().outcome) {
    auto& front = in_flight_.front();
    auto& told = *front.outcome;
    if (planted(defect::unknown_taken_as_applied) && told.status == append_status::unknown) {
      told = {append_status::acknowledged, place_.next, true, {}};
    }
    if (planted(defect::any_offset_acknowledges) && told.status == append_status::acknowledged) {
      told.consecutive = true;
      if (told.first != no_offset) place_.next = told.first;
    }
    // Offsets are dense: exactly the next one means that nobody's record, so nobody's claim, came between.
    if (told.status != append_status::acknowledged || !told.consecutive || told.first != place_.next) {
      return trouble(append_result(told));
    }
    offset_t at = told.first;
    auto settled = std::move(front.commits);
    in_flight_.pop_front();
    for (auto& one : settled) {
      offsets_.clear();
      for (std::uint32_t i = 0; i < one.count(); ++i) offsets_.push_back(at + i);
      at = at + one.count();
      place_.next = at;
      place_.judged.next_sequence = one.first_sequence + one.count();
      settle(one, offsets_);
    }
  }
  release_held();
  take_waiting();
  if (unsaved_commits_ >= options_.save_commits) save();
}

void owner::settle(commit& settled, std::span<const offset_t> offsets) {
  ++counters_.accepted_commits;
  place_.last_counted = offsets.back();
  place_.last_epoch = epoch_;
  place_.last_sequence = settled.first_sequence + settled.count() - 1;
  place_.log_time_us = std::max(place_.log_time_us, settled.time.time_since_epoch().count());
  if (settled.kind == commit_kind::proof) {
    proof_under_way_ = false;
    return;
  }
  auto& stream = *settled.stream;
  auto& certain = stream.certain;
  --stream.uncertain;
  certain.commands = settled.ordinal;
  command_outcome outcome{
      .kind = outcome_kind::refused, .version = settled.before, .refusal = std::move(settled.refused)};
  if (settled.kind == commit_kind::events) {
    certain.version = settled.before + settled.count();
    certain.last_event = offsets.back();
    certain.state = settled.state;
    outcome.kind = outcome_kind::applied;
    outcome.version = certain.version;
    outcome.events.reserve(settled.events.size());
    for (std::size_t i = 0; i < settled.events.size(); ++i) {
      outcome.events.push_back({std::string(settled.events[i].type), std::move(settled.events[i].data), offsets[i]});
    }
  }
  outcome.last_event = certain.last_event;
  remember(stream, settled.from->command_id,
           {.time_us = place_.log_time_us,
            .ordinal = settled.ordinal,
            .hash = settled.from->hash,
            .refused = settled.kind == commit_kind::refusal,
            .version = outcome.version,
            .offsets = {offsets.begin(), offsets.end()}});
  port_.answer(*settled.from, std::move(outcome));
}

// A planted defect: what proper owners never do.
void owner::answer_early(append_under_way& append) {
  for (auto& one : append.commits) {
    if (one.kind != commit_kind::events) continue;
    command_outcome outcome{.kind = outcome_kind::applied, .version = one.before + one.count()};
    auto at = place_.next + static_cast<std::int64_t>(one.first_sequence - place_.judged.next_sequence);
    for (const auto& event : one.events) {
      outcome.last_event = at;
      outcome.events.push_back({std::string(event.type), event.data, at});
      at = next(at);
    }
    port_.answer(*one.from, std::move(outcome));
  }
}

void owner::remember(hot_stream& stream, std::string_view command_id, remembered outcome) {
  recent_.settle(stream.id, command_id, std::move(outcome));
  if (!stream.dirty) {
    stream.dirty = true;
    dirty_.push_back(&stream);
  }
  if (unsaved_commits_++ == 0) {
    first_unsaved_ = time_.monotonic();
    port_.wake_after(options_.save_after);
  }
}

// ---- the write model

void owner::save() {
  if (saving_ || unsaved_commits_ == 0) return;
  auto batch = rows_.make_batch();
  for (auto* stream : dirty_) {
    auto row = stream->certain;
    if (planted(defect::store_ahead_of_log)) {
      row.version = stream->newest_version;
      row.commands = stream->newest_commands;
      row.state = stream->newest;
    }
    rows_.put(*batch, stream->id, row);
    stream->dirty = false;
    stream->saving = true;
  }
  saving_streams_ = std::move(dirty_);
  dirty_.clear();
  recent_.put_unsaved(rows_, *batch);
  rows_.put(*batch, place_);
  unsaved_commits_ = 0;
  saving_ = true;
  port_.save(std::move(batch));
}

void owner::saved(const result<void>& outcome) {
  saving_ = false;
  recent_.saved(outcome.has_value());
  for (auto* stream : saving_streams_) {
    stream->saving = false;
    if (outcome || stream->dirty) continue;
    stream->dirty = true;
    dirty_.push_back(stream);
  }
  if (!outcome) {
    unsaved_commits_ += saving_streams_.size() + 1;
    first_unsaved_ = time_.monotonic();
    port_.wake_after(options_.save_after);
  }
  saving_streams_.clear();
  streams_.evict();
  if (std::exchange(reading_paused_, false) && reads()) {
    port_.read_from(read_next_);
  } else if (outcome && unsaved_commits_ >= options_.save_commits) {
    save();
  }
}

}  // namespace foldlog
