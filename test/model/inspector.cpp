#include "inspector.h"

#include <algorithm>

#include "book.h"
#include "world.h"

namespace foldlog {
namespace test {

void fingerprint::add_nonce(std::uint32_t nonce) {
  const auto found = std::ranges::find(nonces_, nonce);
  add(static_cast<std::uint64_t>(found - nonces_.begin()));
  if (found == nonces_.end()) nonces_.push_back(nonce);
}

bool fingerprint::knows(std::uint32_t nonce) const { return std::ranges::find(nonces_, nonce) != nonces_.end(); }

namespace {

void add_command(const command* of, fingerprint& into, std::vector<std::uint64_t>& arrivals) {
  if (of == nullptr) return into.add(77);
  arrivals.push_back(of->arrival);
  into.add(static_cast<std::uint64_t>(of->command_id[1]));
  into.add(static_cast<std::uint64_t>(of->traceparent[0]));
  into.add((of->done ? 2U : 0U) + (of->was_in_doubt ? 1U : 0U));
}

void add_folded(const folded_stream& of, std::int64_t count, fingerprint& into) {
  into.add(raw(of.version));
  into.add(of.commands);
  into.add(static_cast<std::uint64_t>(raw(of.last_event)));
  into.add(static_cast<std::uint64_t>(count));
}

}  // namespace
}  // namespace test

using test::fingerprint;

bool owner_inspector::waits_for(const owner& of, std::uint64_t append_id) {
  if (append_id == of.claim_append_) return of.phase_ == owner_phase::claiming;
  const auto same = [append_id](const auto& append) { return append.id == append_id && !append.outcome; };
  return std::ranges::any_of(of.in_flight_, same);
}

bool owner_inspector::can_flush(const owner& of) {
  if (of.phase_ != owner_phase::serving || of.in_flight_.size() >= of.options_.in_flight_appends) return false;
  return !of.pending_.empty() || (wants_proof(of) && !too_soon(of));
}

bool owner_inspector::wants_proof(const owner& of) {
  return !of.held_.empty() && !of.proof_under_way_ && of.held_.back().needs > of.next_sequence_;
}

bool owner_inspector::too_soon(const owner& of) {
  return of.time_.monotonic() - of.last_proof_ < of.options_.proof_interval;
}

bool owner_inspector::proof_waits(const owner& of) {
  return of.phase_ == owner_phase::serving && of.in_flight_.size() < of.options_.in_flight_appends && wants_proof(of) &&
         too_soon(of);
}

bool owner_inspector::has_commands(const owner& of) { return !of.idle(); }

const folded_stream* owner_inspector::certain(owner& of, std::string_view id) {
  const auto* stream = of.streams_.find(id);
  return stream == nullptr ? nullptr : &stream->certain;
}

void owner_inspector::describe(owner& of, fingerprint& into) {
  std::vector<std::uint64_t> arrivals;
  const auto add_command = [&](const command* one) { test::add_command(one, into, arrivals); };
  into.add(static_cast<std::uint64_t>(of.phase_) + (of.retired_ ? 100U : 0U));
  into.add(static_cast<std::uint64_t>(raw(of.place_.next)));
  into.add_epoch(of.place_.judged.epoch);
  into.add(of.place_.judged.next_sequence);
  into.add_epoch(of.epoch_);
  into.add(of.next_sequence_);
  into.add_nonce(of.claim_nonce_);
  into.add(of.claim_at_.has_value());
  into.add(of.unsaved_commits_);
  into.add(of.alone_);
  into.add((of.proof_under_way_ ? 1U : 0U) + (too_soon(of) ? 4U : 0U) + (of.saving_ ? 2U : 0U) +
           (of.leaving_ ? 8U : 0U));
  if (!of.in_doubt_.empty()) into.add_epoch(of.doubtful_epoch_);
  if (of.reads()) {
    into.add(static_cast<std::uint64_t>(raw(of.read_next_)));
  }
  for (const auto nonce : of.own_nonces_) {
    if (into.knows(nonce)) into.add_nonce(nonce);  // of the others nothing is left anywhere
  }
  for (const auto name : test::stream_names) {
    const auto* stream = of.streams_.find(name);
    into.add(stream != nullptr);
    if (stream == nullptr) continue;
    test::add_folded(stream->certain, test::count_of(*stream->certain.state), into);
    into.add(raw(stream->newest_version));
    into.add(stream->newest_commands);
    into.add(static_cast<std::uint64_t>(test::count_of(*stream->newest)));
    into.add(stream->uncertain);
    into.add((stream->dirty ? 1U : 0U) + (stream->saving ? 2U : 0U));
  }
  for (char c = '1'; c <= '4'; ++c) {
    const std::string id{'c', c};
    const auto* recent = of.recent_.find("s", id);
    if (recent == nullptr) recent = of.recent_.find("t", id);
    if (recent == nullptr) continue;
    into.add(static_cast<std::uint64_t>(c) + (recent->under_way ? 1000U : 0U) + (recent->unsaved << 12));
    if (recent->outcome) into.add(static_cast<std::uint64_t>(raw(recent->outcome->offsets.front())));
  }
  const auto add_commit = [&](const owner::commit& one) {
    into.add(static_cast<std::uint64_t>(one.kind));
    into.add(one.first_sequence);
    into.add(raw(one.before));
    into.add(one.ordinal);
    add_command(one.from.get());
  };
  into.add(of.waiting_.size());
  for (const auto& one : of.waiting_) add_command(one.get());
  into.add(of.pending_.size());
  std::ranges::for_each(of.pending_, add_commit);
  into.add(of.in_flight_.size());
  for (const auto& append : of.in_flight_) {
    into.add(append.commits.size());
    std::ranges::for_each(append.commits, add_commit);
    into.add(append.first_sequence);
    into.add(append.count);
    into.add(append.outcome.has_value());
    if (!append.outcome) continue;
    into.add(static_cast<std::uint64_t>(append.outcome->status));
    into.add(static_cast<std::uint64_t>(raw(append.outcome->first)));
    into.add(append.outcome->consecutive);
  }
  into.add(of.in_doubt_.size());
  std::ranges::for_each(of.in_doubt_, add_commit);
  into.add(of.held_.size());
  for (const auto& held : of.held_) {
    add_command(held.of.get());
    into.add(held.needs);
    into.add(static_cast<std::uint64_t>(held.outcome.kind) + (held.again ? 100U : 0U));
    into.add(raw(held.outcome.version));
  }
  for (const auto arrival : arrivals) {  // only their order matters
    into.add(static_cast<std::uint64_t>(
        std::ranges::count_if(arrivals, [arrival](std::uint64_t other) { return other < arrival; })));
  }
}

}  // namespace foldlog
