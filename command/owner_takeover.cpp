// The owner's way to a partition: claiming, reading up to the claim, checking an odd acknowledgement, being deposed.
#include <fmt/format.h>

#include <algorithm>

#include "command/owner.h"
#include "core/base/planted.h"

namespace foldlog {

void owner::start(const folded_place& place) { place_ = place; }

void owner::offer() {
  leaving_ = false;
  if (planted(defect::standby_goes_on_unclaimed) && phase_ == owner_phase::following && epoch_ != epoch_id{}) {
    port_.stop_reading();
    return enter(owner_phase::serving, "owned the partition before");
  }
  if (phase_ == owner_phase::vacant || phase_ == owner_phase::following) claim("the partition was offered");
}

void owner::claim(std::string_view why) {
  const std::string reason(why);
  port_.stop_reading();
  reading_paused_ = false;
  claim_at_.reset();
  take_back();
  claim_nonce_ = static_cast<std::uint32_t>(random_() >> 32);
  own_nonces_.push_back(claim_nonce_);
  if (own_nonces_.size() > 64) own_nonces_.erase(own_nonces_.begin());
  claim_append_ = next_append_++;
  ++counters_.claims;
  enter(owner_phase::claiming, reason);

  std::string value = "{\"node\":";
  json::append_string(value, options_.node);
  value += ",\"endpoint\":";
  json::append_string(value, options_.endpoint);
  value += '}';
  record made;
  made.kind = record_kind::claim;
  made.type = claim_type;
  made.time = time_.now();
  made.epoch.nonce = claim_nonce_;
  made.value = value;
  port_.append(claim_append_, {&made, 1});
}

void owner::claim_again_later(std::string_view why) {
  const std::chrono::nanoseconds longest = std::chrono::seconds(5);
  claim_pause_ = std::clamp<std::chrono::nanoseconds>(claim_pause_ * 2, options_.claim_retry, longest);
  const auto half = claim_pause_ / 2;
  const auto jittered = half + std::chrono::nanoseconds(random_() % static_cast<std::uint64_t>(half.count() + 1));
  claim_at_ = time_.monotonic() + jittered;
  enter(owner_phase::claiming, fmt::format("the claim failed: {}", why));
  port_.wake_after(jittered);
}

// What was decided in the epoch that ends: what the log was given is in doubt until the next claim is read, all else is
// decided again.
void owner::take_back() {
  for (auto& append : in_flight_) {
    for (auto& one : append.commits) {
      if (one.from) one.from->was_in_doubt = true;
      in_doubt_.push_back(std::move(one));
    }
  }
  in_flight_.clear();
  doubtful_epoch_ = epoch_;
  std::vector<std::unique_ptr<command>> again;
  for (auto& one : pending_) {
    if (!one.from) continue;
    --one.stream->uncertain;
    if (!planted(defect::stale_state_after_failure)) one.stream->forget_newest();
    recent_.forget(one.stream->id, one.from->command_id);
    again.push_back(std::move(one.from));
  }
  for (auto& one : in_doubt_) {
    if (one.stream && !planted(defect::stale_state_after_failure)) one.stream->forget_newest();
  }
  for (auto& held : held_) again.push_back(std::move(held.of));
  pending_.clear();
  pending_records_ = 0;
  pending_bytes_ = 0;
  held_.clear();
  held_bytes_ = 0;
  proof_under_way_ = false;
  requeue(std::move(again));
}

void owner::requeue(std::vector<std::unique_ptr<command>> again) {
  for (auto& of : again) {
    if (!of || !of->done) continue;
    waiting_bytes_ += of->data.size();
    waiting_.push_back(std::move(of));
  }
  std::ranges::sort(waiting_, {}, [](const auto& of) { return of->arrival; });
}

// ---- reading

void owner::read(std::span<const record> records) {
  for (const auto& next : records) {
    if (!reads()) return;
    if (next.offset < read_next_) continue;
    if (next.offset != read_next_) {
      return halt(fmt::format("the record at offset {} is missing", raw(read_next_)));
    }
    read_one(next);
  }
  if (phase_ == owner_phase::checking) end_checking_when_done();
  if (unsaved_commits_ >= options_.save_commits) save();
  if (reads() && saving_ && unsaved_commits_ >= 4 * options_.save_commits) {
    reading_paused_ = true;
    port_.stop_reading();
  }
}

void owner::read_failed(const error& why) {
  if (why.kind != error_kind::unavailable) halt(why.text);
}

void owner::read_one(const record& next) {
  const auto [judged, commit] = reader_.feed(next);
  read_next_ = foldlog::next(next.offset);
  switch (judged) {
    case verdict::claim:
    case verdict::continues:
      break;
    case verdict::ignored:
      ++counters_.void_records;
      break;
    case verdict::completes:
      if (auto folded = accept(commit); !folded) return could_not_fold(folded.error());
      break;
    case verdict::damaged:
      return halt(fmt::format("the record at offset {} does not continue its commit", raw(next.offset)));
  }
  if (reader_.now().open_count != 0) return;
  place_.next = read_next_;
  place_.judged = reader_.now();
  if (judged == verdict::claim) {
    place_.last_counted = next.offset;
    place_.last_epoch = place_.judged.epoch;
    place_.last_sequence = 0;
    met_claim(next);
  }
}

// A store that can't be read at present is no damage: what was read is read again, under a new claim.
void owner::could_not_fold(const error& why) {
  if (why.kind != error_kind::unavailable) return halt(why.text);
  port_.stop_reading();
  if (phase_ == owner_phase::following) return enter(owner_phase::vacant, why.text);
  take_back();
  claim_again_later(why.text);
}

void owner::met_claim(const record& claim) {
  if (phase_ == owner_phase::following) return;
  if (phase_ == owner_phase::reading) {
    if (claim.epoch.nonce == claim_nonce_) begin_serving();
  } else if (std::ranges::find(own_nonces_, claim.epoch.nonce) != own_nonces_.end()) {
    this->claim("an old claim of this node came late");
  } else {
    depose();
  }
}

result<void> owner::accept(std::span<const record> records) {
  const auto& first = records.front();
  if (first.epoch == doubtful_epoch_) {
    if (!in_doubt_.empty() && in_doubt_.front().first_sequence < first.epoch_sequence) {
      return fail(error_kind::damaged,
                  fmt::format("the record at offset {} counts before its predecessor", raw(first.offset)));
    }
    if (!in_doubt_.empty() && in_doubt_.front().first_sequence == first.epoch_sequence) {
      if (!is_own(in_doubt_.front(), records)) {
        return fail(error_kind::damaged,
                    fmt::format("the record at offset {} is a stranger's in this node's sequence", raw(first.offset)));
      }
      auto own = std::move(in_doubt_.front());
      in_doubt_.pop_front();
      offsets_.clear();
      for (const auto& one : records) offsets_.push_back(one.offset);
      settle(own, offsets_);
      if (own.stream && phase_ == owner_phase::reading) own.stream->forget_newest();
      return {};
    }
  }
  return fold_commit(records);
}

// Nobody else writes under this node's claim; what stands there all the same must not be told as the command's outcome.
bool owner::is_own(const commit& own, std::span<const record> records) {
  const auto& first = records.front();
  if (records.size() != own.count()) return false;
  if (own.kind == commit_kind::proof) return first.kind == record_kind::proof;
  const auto kind = own.kind == commit_kind::events ? record_kind::event : record_kind::refusal;
  const auto version = own.kind == commit_kind::events ? own.before + 1 : version_t{0};
  return first.kind == kind && first.version == version && first.key == own.stream->id &&
         first.command_id == own.from->command_id;
}

result<void> owner::fold_commit(std::span<const record> records) {
  const auto& first = records.front();
  if (first.kind == record_kind::proof) return counted(records), result<void>();
  auto opened = open_stream(first.key);
  if (!opened) return std::unexpected(opened.error());
  auto& stream = **opened;
  folded_stream certain = stream.certain;
  remembered outcome{.time_us = std::max(place_.log_time_us, first.time.time_since_epoch().count()),
                     .ordinal = ++certain.commands,
                     .hash = first.command_hash,
                     .refused = first.kind == record_kind::refusal,
                     .version = certain.version,
                     .offsets = {}};
  for (const auto& one : records) {
    outcome.offsets.push_back(one.offset);
    if (one.kind == record_kind::refusal) continue;
    if (one.kind != record_kind::event || one.key != first.key ||
        (one.version != certain.version + 1 && !planted(defect::version_not_checked))) {
      return fail(error_kind::damaged, fmt::format("the event at offset {} has version {} of {}, after version {}",
                                                   raw(one.offset), raw(one.version), first.key, raw(certain.version)));
    }
    const auto data = parser_.parse(one.value);
    auto state =
        data ? category_.evolve(*certain.state, one.type, *data) : result<state_pointer>(std::unexpected(data.error()));
    if (!state) {
      return fail(error_kind::damaged, fmt::format("the event at offset {}: {}", raw(one.offset), state.error().text));
    }
    certain.state = std::move(*state);
    certain.version = one.version;
    certain.last_event = one.offset;
  }
  outcome.version = certain.version;
  stream.certain = std::move(certain);
  stream.forget_newest();
  counted(records);
  remember(stream, planted(defect::window_not_rebuilt) ? "forgotten" : first.command_id, std::move(outcome));
  return {};
}

void owner::counted(std::span<const record> records) {
  const auto& last = records.back();
  ++counters_.accepted_commits;
  place_.last_counted = last.offset;
  place_.last_epoch = last.epoch;
  place_.last_sequence = last.epoch_sequence;
  place_.log_time_us = std::max(place_.log_time_us, records.front().time.time_since_epoch().count());
}

void owner::begin_serving() {
  port_.stop_reading();
  epoch_ = place_.judged.epoch;
  next_sequence_ = 0;
  std::vector<std::unique_ptr<command>> again;
  drop_doubtful([&again](std::unique_ptr<command> of) { again.push_back(std::move(of)); });
  requeue(std::move(again));
  enter(owner_phase::serving, "owns the partition");
  if (leaving_) answer_all_waiting(outcome_kind::not_ready, handed_over);
  take_waiting();
}

// What is left in doubt was not accepted before the claim just read: its epoch has passed, it can never be applied any
// more.
void owner::drop_doubtful(const std::function<void(std::unique_ptr<command>)>& each) {
  while (!in_doubt_.empty()) {
    auto lost = std::move(in_doubt_.back());
    in_doubt_.pop_back();
    if (!lost.from) continue;
    --lost.stream->uncertain;
    if (!planted(defect::stale_state_after_failure)) lost.stream->forget_newest();
    recent_.forget(lost.stream->id, lost.from->command_id);
    each(std::move(lost.from));
  }
}

// ---- an odd acknowledgement

void owner::trouble(const append_result& odd) {
  if (odd.status != append_status::acknowledged) {
    const auto ended = odd.status == append_status::refused ? "refused" : "unknown";
    if (odd.status == append_status::refused && odd.error.kind == error_kind::too_large)
      meet_too_large(in_flight_.front());
    if (planted(defect::unknown_taken_as_lost)) return take_as_lost();
    return claim(fmt::format("an append ended {}: {}", ended, odd.error.text));
  }
  if (odd.first < place_.next) return claim("an append was acknowledged at an offset that it can't have");
  if (planted(defect::own_arbiter_stops_early)) {
    take_back();
    drop_doubtful([this](std::unique_ptr<command> of) { port_.answer(*of, {.kind = outcome_kind::not_ready}); });
    return depose();
  }
  enter(owner_phase::checking, "an append was acknowledged at an unexpected offset");
  doubtful_epoch_ = epoch_;
  for (auto& append : in_flight_) {
    for (auto& one : append.commits) {
      if (one.from) one.from->was_in_doubt = true;
      in_doubt_.push_back(std::move(one));
    }
    append.commits.clear();
  }
  claim_at_ = time_.monotonic() + options_.checking_time;
  port_.wake_after(options_.checking_time);
  reader_ = commit_reader(place_.judged);
  read_next_ = place_.next;
  port_.read_from(read_next_);
}

// A planted defect: what proper owners never do.
void owner::take_as_lost() {
  take_back();
  std::vector<std::unique_ptr<command>> again;
  drop_doubtful([&again](std::unique_ptr<command> of) { again.push_back(std::move(of)); });
  requeue(std::move(again));
  next_sequence_ = place_.judged.next_sequence;
  take_waiting();
}

// Certainly not in the log, and a repetition would end the same: one commit is told, several are tried one by one.
void owner::meet_too_large(append_under_way& append) {
  if (append.commits.size() > 1) {
    alone_ = append.commits.size();
  } else if (append.commits.front().from) {
    port_.answer(*append.commits.front().from,
                 {.kind = outcome_kind::internal, .detail = "the log does not take records of this size"});
  }
}

void owner::end_checking_when_done() {
  offset_t reported = no_offset;
  bool all_told = true;
  for (const auto& append : in_flight_) {
    if (!append.outcome) {
      all_told = false;
      continue;
    }
    if (append.outcome->status != append_status::acknowledged) return claim("an append ended unknown");
    reported = std::max(reported, append.outcome->first + static_cast<std::int64_t>(append.count) - 1);
  }
  if (in_doubt_.empty() && all_told) {
    port_.stop_reading();
    claim_at_.reset();
    in_flight_.clear();
    enter(owner_phase::serving, "owns the partition");
    release_held();
    return take_waiting();
  }
  if (all_told && read_next_ > reported) claim("an acknowledged record does not count");
}

// ---- the end of ownership

void owner::depose() {
  ++counters_.deposed;
  port_.stop_reading();
  claim_at_.reset();
  take_back();
  drop_doubtful([this](std::unique_ptr<command> of) {
    port_.answer(*of, {.kind = outcome_kind::unknown, .detail = "another node took the partition over"});
  });
  const auto pause = std::chrono::nanoseconds(options_.deposed_pause);
  const auto jitter = std::chrono::nanoseconds(random_() % static_cast<std::uint64_t>(pause.count() / 2 + 1));
  if (std::exchange(leaving_, false)) return leave_at_once("another node took the partition over");
  if (!planted(defect::never_claims_again)) claim_at_ = time_.monotonic() + pause + jitter;
  enter(owner_phase::deposed, "another node took the partition over");
  port_.wake_after(pause + jitter);
  answer_all_waiting(outcome_kind::not_ready, reason_);
}

void owner::halt(const std::string& why) {
  port_.stop_reading();
  take_back();
  drop_doubtful(
      [this, &why](std::unique_ptr<command> of) { port_.answer(*of, {.kind = outcome_kind::unknown, .detail = why}); });
  claim_at_.reset();
  enter(owner_phase::halted, why);
  answer_all_waiting(outcome_kind::not_ready, reason_);
}

void owner::answer_all_waiting(outcome_kind kind, std::string_view why) {
  while (!waiting_.empty()) {
    auto of = std::move(waiting_.front());
    waiting_.pop_front();
    port_.answer(*of, {.kind = of->was_in_doubt ? outcome_kind::unknown : kind, .detail = std::string(why)});
  }
  waiting_bytes_ = 0;
}

}  // namespace foldlog
