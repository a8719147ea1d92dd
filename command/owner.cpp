#include "command/owner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "core/base/planted.h"

namespace foldlog {

std::string_view name(owner_phase phase) {
  switch (phase) {
    case owner_phase::vacant:
      return "vacant";
    case owner_phase::following:
      return "following";
    case owner_phase::claiming:
      return "claiming";
    case owner_phase::reading:
      return "reading";
    case owner_phase::serving:
      return "serving";
    case owner_phase::checking:
      return "checking";
    case owner_phase::deposed:
      return "deposed";
    case owner_phase::halted:
      return "halted";
  }
  return "halted";
}

owner::owner(const category& of, write_model& rows, owner_options options, owner_port& port, clock& time,
             random_source random)
    : category_(of),
      rows_(rows),
      options_(std::move(options)),
      port_(port),
      time_(time),
      random_(std::move(random)),
      streams_(options_.hot_bytes) {}

void owner::enter(owner_phase phase, std::string_view why) {
  phase_ = phase;
  reason_ = why;
  port_.phase_changed(phase, why);
}

// ---- commands in

void owner::submit(std::unique_ptr<command> wanted) {
  wanted->arrival = next_arrival_++;
  if (retired_) return port_.answer(*wanted, {.kind = outcome_kind::not_ready, .detail = "the node is stopping"});
  if (leaving_ && !planted(defect::released_owner_decides))
    return port_.answer(*wanted, {.kind = outcome_kind::not_ready, .detail = std::string(handed_over)});
  switch (phase_) {
    case owner_phase::following:
      if (planted(defect::standby_answers)) break;
      [[fallthrough]];
    case owner_phase::vacant:
    case owner_phase::deposed:
    case owner_phase::halted:
      return port_.answer(*wanted, {.kind = outcome_kind::not_ready, .detail = reason_});
    case owner_phase::claiming:
    case owner_phase::reading:
    case owner_phase::checking:
      return wait_in_queue(std::move(wanted));
    case owner_phase::serving:
      break;
  }
  if (!waiting_.empty() || full()) return wait_in_queue(std::move(wanted));
  decide(std::move(wanted));
}

// What was decided takes memory too, until the log has spoken.
bool owner::full() const {
  return pending_records_ >= options_.pending_records || pending_bytes_ >= options_.waiting_bytes ||
         held_.size() >= options_.waiting_commands || held_bytes_ >= options_.waiting_bytes;
}

void owner::wait_in_queue(std::unique_ptr<command> wanted) {
  if (waiting_.size() >= options_.waiting_commands || waiting_bytes_ + wanted->data.size() > options_.waiting_bytes) {
    return port_.answer(*wanted,
                        {.kind = outcome_kind::overloaded, .detail = "too many commands wait for this partition"});
  }
  waiting_bytes_ += wanted->data.size();
  waiting_.push_back(std::move(wanted));
}

void owner::take_waiting() {
  while (phase_ == owner_phase::serving && !waiting_.empty() && !full()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next->data.size();
    decide(std::move(next));
  }
}

// ---- deciding

result<hot_stream*> owner::open_stream(std::string_view id) {
  if (auto* found = streams_.find(id)) return found;
  auto stored = rows_.load(id);
  if (!stored) return std::unexpected(stored.error());
  folded_stream stream = *stored ? std::move(**stored) : folded_stream{.state = category_.initial()};
  const auto bytes = category_.bytes(*stream.state);
  return &streams_.insert(id, std::move(stream), bytes);
}

void owner::decide(std::unique_ptr<command> wanted) {
  const auto stream = open_stream(wanted->stream_id);
  if (!stream) {
    const bool passing = stream.error().kind == error_kind::unavailable;
    return port_.answer(*wanted, {.kind = passing ? outcome_kind::log_unavailable : outcome_kind::internal,
                                  .detail = stream.error().text});
  }
  decide_on(**stream, std::move(wanted));
}

result<std::optional<remembered>> owner::find_repeat(const hot_stream& stream, const command& wanted,
                                                     bool whatever_its_age) {
  const auto* recent = recent_.find(stream.id, wanted.command_id);
  if (recent != nullptr &&
      recent->under_way) {  // it belongs to the newest state, and becomes certain before this answer leaves
    return remembered{.time_us = place_.log_time_us,
                      .ordinal = stream.newest_commands,
                      .hash = recent->hash,
                      .version = {},
                      .offsets = {}};
  }
  auto stored =
      recent != nullptr ? result<std::optional<remembered>>(recent->outcome) : rows_.find(stream.id, wanted.command_id);
  if (!stored || !*stored || whatever_its_age) return stored;
  const bool too_many_since = stream.newest_commands - (*stored)->ordinal >= options_.window_commands;
  const bool too_old = place_.log_time_us - (*stored)->time_us > options_.window_age.count();
  if (too_many_since || too_old) return std::nullopt;
  return stored;
}

// True when the id was used before: then the answer is on its way.
bool owner::hold_repeat(const hot_stream& stream, std::unique_ptr<command>& wanted) {
  if (wanted->fresh_id || planted(defect::retry_decided_again)) return false;
  const auto first = find_repeat(stream, *wanted);
  if (!first) {
    port_.answer(*wanted, {.kind = outcome_kind::log_unavailable, .detail = first.error().text});
    return true;
  }
  if (!*first) return false;
  if ((*first)->hash != wanted->hash && !planted(defect::hash_not_compared)) {
    hold(std::move(wanted), {.kind = outcome_kind::id_reused, .version = stream.newest_version});
  } else {
    hold(std::move(wanted), {.kind = outcome_kind::applied, .version = stream.newest_version}, true);
  }
  return true;
}

void owner::decide_on(hot_stream& stream, std::unique_ptr<command> wanted) {
  if (hold_repeat(stream, wanted)) return;
  const version_t version = stream.newest_version;
  if (wanted->expected_version && *wanted->expected_version != raw(version) &&
      !planted(defect::expected_version_ignored)) {
    return hold(std::move(wanted), {.kind = outcome_kind::version_mismatch, .version = version});
  }
  const auto data = parser_.parse(wanted->data);
  const command_context context{.stream_id = stream.id, .version = raw(version), .now = time_.now()};
  auto outcome = data ? category_.decide(*stream.newest, wanted->name, *data, context)
                      : result<std::expected<decided, refusal>>(std::unexpected(data.error()));
  if (!outcome) return port_.answer(*wanted, {.kind = outcome_kind::internal, .detail = outcome.error().text});
  if (!outcome->has_value()) return refuse(stream, std::move(wanted), std::move(outcome->error()));
  auto& events = (*outcome)->events;
  if (events.empty()) {
    return hold(std::move(wanted), {.kind = outcome_kind::unchanged, .version = version});
  }
  for (const auto& event : events) {
    if (const auto fits = check_event(event); !fits) {
      return port_.answer(*wanted, {.kind = outcome_kind::internal, .detail = fits.error().text});
    }
  }
  commit made;
  made.kind = commit_kind::events;
  made.from = std::move(wanted);
  made.events = std::move(events);
  made.state = std::move((*outcome)->state);
  made.time = context.now;
  add_commit(stream, std::move(made));
}

// An event that breaks its own schema would stand in the log for ever.
result<void> owner::check_event(const decided_event& event) {
  if (!options_.check_event) return {};
  const auto data = parser_.parse(event.data);
  if (!data) return std::unexpected(data.error());
  return options_.check_event(event.type, *data);
}

void owner::refuse(hot_stream& stream, std::unique_ptr<command> wanted, foldlog::refusal no) {
  const version_t version = stream.newest_version;
  if (!category_.records_refusals()) {
    return hold(std::move(wanted), {.kind = outcome_kind::refused, .version = version, .refusal = std::move(no)});
  }
  commit made;
  made.kind = commit_kind::refusal;
  made.value =
      fmt::format(R"({{"command":"{}","version":{},"code":"{}"{}}})", wanted->name, raw(version), no.code, no.members);
  made.refused = std::move(no);
  made.from = std::move(wanted);
  made.state = stream.newest;
  made.time = time_.now();
  add_commit(stream, std::move(made));
}

void owner::add_commit(hot_stream& stream, commit made) {
  made.stream = &stream;
  made.before = stream.newest_version;
  made.first_sequence = next_sequence_;
  made.ordinal = stream.newest_commands + 1;
  made.bytes = 256 + made.from->data.size() + made.value.size();
  for (const auto& event : made.events) made.bytes += event.data.size();
  pending_bytes_ += made.bytes;
  next_sequence_ += made.count();
  pending_records_ += made.count();
  if (made.kind == commit_kind::events) stream.newest_version = made.before + made.count();
  stream.newest = made.state;
  stream.newest_commands = made.ordinal;
  ++stream.uncertain;
  if (!made.from->fresh_id) recent_.begin(stream.id, made.from->command_id, made.from->hash);
  pending_.push_back(std::move(made));
}

// An answer that speaks of the newest state without changing it: it leaves when all that it was decided on is certain,
// and, where others may write to the log too, when a record issued after the decision has proved that we still own the
// partition.
void owner::hold(std::unique_ptr<command> of, command_outcome outcome, bool again) {
  const bool unproved = options_.exclusive || planted(defect::refusal_without_proof);
  const std::uint64_t issued =
      planted(defect::proof_under_way_counts) ? place_.judged.next_sequence : next_sequence_ - pending_records_;
  std::uint64_t needs = unproved ? next_sequence_ : std::max(next_sequence_, issued + 1);
  const bool stands_by = planted(defect::standby_answers) && phase_ == owner_phase::following;
  if (planted(defect::held_answer_not_held) || stands_by) needs = 0;
  held_bytes_ += of->data.size();
  held_.push_back({.of = std::move(of), .needs = needs, .outcome = std::move(outcome), .again = again});
  if (unproved || needs == 0) release_held();
}

void owner::release_held() {
  while (!held_.empty() && held_.front().needs <= place_.judged.next_sequence) {
    auto held = std::move(held_.front());
    held_.pop_front();
    held_bytes_ -= held.of->data.size();
    const auto stream = open_stream(held.of->stream_id);
    if (!stream) {
      port_.answer(*held.of, {.kind = outcome_kind::log_unavailable, .detail = stream.error().text});
    } else if (!held.again) {
      held.outcome.last_event = (*stream)->certain.last_event;
      port_.answer(*held.of, std::move(held.outcome));
    } else if (const auto first = find_repeat(**stream, *held.of, true);
               first && *first && !(*first)->offsets.empty()) {
      port_.answer_again(std::move(held.of), **first);
    } else {
      port_.answer(*held.of, {.kind = outcome_kind::unknown, .detail = "the first outcome can't be read at present"});
    }
  }
}

// ---- appending

record owner::make_record(const commit& from, std::uint32_t index) const {
  record made;
  made.time = from.time;
  made.epoch = epoch_;
  made.epoch_sequence = from.first_sequence + index;
  made.commit_index = index;
  made.commit_count = from.count();
  if (from.kind == commit_kind::proof) {
    made.kind = record_kind::proof;
    made.type = proof_type;
    made.value = "{}";
    return made;
  }
  made.key = from.stream->id;
  made.command_id = from.from->command_id;
  made.command_hash = from.from->hash;
  made.correlation_id = from.from->correlation_id.empty() ? from.from->command_id : from.from->correlation_id;
  made.traceparent = from.from->traceparent;
  if (from.kind == commit_kind::refusal) {
    made.kind = record_kind::refusal;
    made.type = refusal_type;
    made.value = from.value;
  } else {
    made.kind = record_kind::event;
    made.type = from.events[index].type;
    made.value = from.events[index].data;
    made.version = from.before + index + 1;
  }
  return made;
}

void owner::add_proof_when_needed() {
  if (options_.exclusive || held_.empty() || proof_under_way_ || held_.back().needs <= next_sequence_) return;
  const auto since = time_.monotonic() - last_proof_;
  if (since < options_.proof_interval) return port_.wake_after(options_.proof_interval - since);
  commit proof;
  proof.kind = commit_kind::proof;
  proof.time = time_.now();
  proof.first_sequence = next_sequence_++;
  ++pending_records_;
  ++counters_.proofs;
  proof_under_way_ = true;
  last_proof_ = time_.monotonic();
  pending_.push_back(std::move(proof));
}

void owner::flush() {
  if (leaving_) leave_when_idle();
  if (phase_ != owner_phase::serving || in_flight_.size() >= options_.in_flight_appends) return;
  add_proof_when_needed();
  while (!pending_.empty() && in_flight_.size() < options_.in_flight_appends) {
    auto& append = in_flight_.emplace_back();
    append.id = next_append_++;
    append.first_sequence = pending_.front().first_sequence;
    take_pending(append);
    append_commits(append);
  }
}

void owner::take_pending(append_under_way& into) {
  std::size_t bytes = 0;
  do {
    auto& first = pending_.front();
    bytes += first.bytes;
    into.count += first.count();
    pending_records_ -= first.count();
    pending_bytes_ -= first.bytes;
    into.commits.push_back(std::move(first));
    pending_.pop_front();
    if (alone_ > 0) return void(--alone_);
  } while (!pending_.empty() && bytes + pending_.front().bytes <= options_.append_bytes);
}

void owner::append_commits(append_under_way& append) {
  records_.clear();
  for (const auto& one : append.commits) {
    for (std::uint32_t index = 0; index < one.count(); ++index) records_.push_back(make_record(one, index));
  }
  if (planted(defect::answer_before_certain)) answer_early(append);
  port_.append(append.id, records_);
}

void owner::appended(std::uint64_t append_id, const append_result& outcome) {
  if (append_id == claim_append_) {
    claim_append_ = 0;
    if (phase_ != owner_phase::claiming) return;
    if (outcome.status != append_status::acknowledged) return claim_again_later(outcome.error.text);
    claim_pause_ = {};
    if (planted(defect::serve_before_read_up)) {
      place_.next = next(outcome.first);
      place_.judged = {.epoch = {outcome.first, claim_nonce_}};
      return begin_serving();
    }
    enter(owner_phase::reading, "reads up to its claim");
    reader_ = commit_reader(place_.judged);
    read_next_ = place_.next;
    return port_.read_from(read_next_);
  }
  if (in_flight_.empty() || append_id < in_flight_.front().id || append_id > in_flight_.back().id) return;
  in_flight_[append_id - in_flight_.front().id].outcome = outcome;
  if (phase_ == owner_phase::serving)
    settle_front();
  else if (phase_ == owner_phase::checking)
    end_checking_when_done();
}

}  // namespace foldlog
