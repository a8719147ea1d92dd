#include "world.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "inspector.h"

namespace foldlog::test {
namespace {

bool of_the_arbiter(defect which) {
  return which == defect::no_epoch_check || which == defect::no_sequence_check ||
         which == defect::claim_keeps_open_commit || which == defect::damage_ignored;
}

}  // namespace

world::world(const scope& in, defect without)
    : scope_(in),
      without_(without),
      book_(scope_.commands, of_the_arbiter(without), without == defect::none),
      attempts_(scope_.commands.size()),
      offers_(in.offers),
      faults_(in.faults),
      crashes_(in.crashes),
      releases_(in.releases),
      follows_(in.follows),
      repeats_(in.repeats) {
  for (int i = 0; i < in.nodes; ++i) nodes_.emplace_back(*this, i);
}

record world::keep(const record& given) {
  record kept = given;
  for (auto* view : std::array{&kept.key, &kept.type, &kept.value, &kept.command_id, &kept.correlation_id,
                               &kept.causation_id, &kept.actor, &kept.traceparent}) {
    if (!view->empty()) *view = bytes_.emplace_back(*view);
  }
  return kept;
}

std::string world::label(const record& of) const {
  const auto whose = [this](std::uint32_t nonce) {
    const auto found = std::ranges::find(claims_, nonce, &std::pair<std::uint32_t, char>::first);
    return found == claims_.end() ? '?' : found->second;
  };
  if (of.kind == record_kind::claim) return fmt::format("claim of {}", whose(of.epoch.nonce));
  const auto tail = fmt::format("{}@{} seq {}", whose(of.epoch.nonce), raw(of.epoch.offset), of.epoch_sequence);
  if (of.kind == record_kind::refusal) return fmt::format("refusal of c{} {}", command_of(of) + 1, tail);
  if (of.kind == record_kind::proof) return fmt::format("proof {}", tail);
  return fmt::format("c{} {}/{} v{} {}", command_of(of) + 1, of.commit_index + 1, of.commit_count, raw(of.version),
                     tail);
}

// ---- what happens

void world::send(std::size_t index, std::size_t to) {
  auto& before = attempts_[index];
  const auto& wanted = scope_.commands[index];
  auto made = std::make_unique<command>();
  made->stream_id = stream_names[wanted.stream];
  made->name = wanted.adds > 0 ? "Add" : "Take";
  made->data = wanted.adds > 0 ? R"({"events":#})" : R"({"amount":#})";
  made->data[10] = static_cast<char>('0' + wanted.adds + wanted.takes);
  made->command_id = std::string{'c', static_cast<char>('1' + index)};
  made->traceparent = static_cast<char>('0' + before.size());
  if (wanted.expects >= 0) made->expected_version = static_cast<std::uint64_t>(wanted.expects);
  made->fresh_id = wanted.fresh;
  made->hash = index + 1;
  made->deadline = nodes_[to].time.run + std::chrono::hours(1);
  made->done = [](const command_request&, const command_outcome&) {};
  before.push_back({.submitted = log_.size(), .ended = ending::open, .at = static_cast<std::uint8_t>(to)});
  auto& owner = nodes_[to].owner();
  const bool leaving = owner.leaving();
  owner.submit(std::move(made));
  if (leaving && before.back().ended != ending::no_effect) {
    complain(fmt::format("{} was told to leave and takes c{} all the same", nodes_[to].name(), index + 1));
  }
}

void world::place(sent_append& append, std::uint32_t which) {
  const bool again = append.whole();
  if (again) append.twice = true;
  for (std::size_t i = 0; i < append.records.size(); ++i) {
    if ((which >> i & 1U) == 0) continue;
    auto placed = append.records[i];
    placed.offset = offset_t{static_cast<std::int64_t>(log_.size())};
    if (i == 0) (again ? append.second : append.first) = placed.offset;
    if (placed.kind == record_kind::claim) placed.epoch.offset = placed.offset;
    log_.push_back(placed);
    book_.put(placed);
    say(fmt::format("{}@{} {}", (which & ((1U << i) - 1)) == 0 ? " " : ", ", raw(placed.offset), label(placed)));
  }
  append.landed |= which;
}

void world::report(node& to, sent_append& append, append_status status, offset_t first, bool consecutive,
                   error_kind why) {
  append.told = true;
  to.owner().appended(append.id, {status, first, consecutive, {why, "as the model wants it"}});
  finish_saves(to);
  to.owner().flush();
}

void world::finish_saves(node& at) {
  while (at.saving && !scope_.late_saves) at.finish_save();
}

void world::apply(const action& next) {
  using enum action::kind;
  auto& at = nodes_[next.node];
  if (telling()) say(describe(next));
  sent_append none;
  auto& append = next.append < at.sent.size() ? at.sent[next.append] : none;
  switch (next.what) {
    case offer:
      --offers_;
      at.owner().offer();
      break;
    case release:
      if (!at.owner().leaving() || next.extra == 1) --releases_;  // else the node is told once more
      at.owner().release(next.extra == 1);
      break;
    case follow:
      --follows_;
      at.owner().follow();
      break;
    case tick:
      if (at.owner().phase() == owner_phase::deposed) --offers_;
      if (at.owner().phase() == owner_phase::checking) --faults_;
      if (owner_inspector::proof_waits(at.owner())) at.time.run += std::chrono::milliseconds(1);
      at.time.run = std::max(at.time.run, owner_inspector::claims_at(at.owner()).value_or(at.time.run));
      at.owner().tick();
      break;
    case submit:
      if (!attempts_[next.extra].empty()) --repeats_;
      send(next.extra, next.node);
      if (!scope_.batches) at.owner().flush();
      break;
    case flush:
      at.owner().flush();
      break;
    case feed: {
      const auto from = static_cast<std::size_t>(raw(*at.reading));
      const auto count = next.extra == 1 ? 1 : log_.size() - from;
      at.reading = *at.reading + static_cast<std::int64_t>(count);
      at.owner().read(std::span(log_).subspan(from, count));
      finish_saves(at);
      at.owner().flush();
      break;
    }
    case saved:
      if (next.extra == 1) --faults_;
      at.finish_save(next.extra == 0);
      break;
    case overtake:
      --faults_;
      for (std::size_t i = 0; i < next.append; ++i) {
        if (at.sent[i].whole()) continue;
        at.sent[i].failed = true;
        at.sent[i].overtaken = true;
      }
      place(append, append.all());
      break;
    case land:
      place(append, append.all() & ~append.landed);
      break;
    case tear:
      --faults_;
      append.failed = append.torn = true;
      place(append, next.extra < 100 ? (1U << next.extra) - 1 : append.all() & ~((1U << (next.extra - 100)) - 1));
      break;
    case twice:
      --faults_;
      place(append, append.all());
      break;
    case told:
      report(at, append, append_status::acknowledged, next.extra == 1 ? append.second : append.first, true);
      break;
    case told_odd:
      --faults_;
      report(at, append, append_status::acknowledged, no_offset, true);
      break;
    case told_apart:
      report(at, append, append_status::acknowledged, append.first, false);
      break;
    case unknown:
      if (owner_inspector::waits_for(at.owner(), append.id)) {
        if (!append.failed) --faults_;
        if (!append.whole()) append.failed = true;
      }
      report(at, append, append_status::unknown, no_offset, false);
      break;
    case refused:
      --faults_;
      append.landed = append.all();
      append.twice = true;
      report(at, append, append_status::refused, no_offset, false,
             next.extra == 1 ? error_kind::too_large : error_kind::unavailable);
      break;
    case expire:
      --faults_;
      at.time.run += std::chrono::hours(2);
      at.owner().tick();
      break;
    case crash:
      --crashes_;
      for (auto& each : attempts_) {
        for (auto& one : each) {
          if (one.at == next.node && one.ended == ending::open) one.ended = ending::unknown;
        }
      }
      at.crash(next.extra);
      break;
  }
  finish_saves(at);
  if (!trusted_) after(at);
}

std::string world::describe(const action& of) const {
  using enum action::kind;
  const char node = nodes_[of.node].name();
  const auto append = fmt::format("append {}{}", node, of.append + 1);
  switch (of.what) {
    case offer:
      return fmt::format("{} is named as the owner", node);
    case release:
      return fmt::format("{} is released{}", node, of.extra == 1 ? ": another owns the partition" : "");
    case follow:
      return fmt::format("{} stands by", node);
    case tick:
      return fmt::format("time passes at {}", node);
    case submit:
      return fmt::format("a client sends c{} to {}{}", of.extra + 1, node, attempts_[of.extra].empty() ? "" : " again");
    case flush:
      return fmt::format("{} goes on", node);
    case feed:
      return fmt::format("{} reads up to @{}", node,
                         of.extra == 1 ? static_cast<std::size_t>(raw(*nodes_[of.node].reading)) : log_.size() - 1);
    case saved:
      return fmt::format("{}'s store {} what is saved", node, of.extra == 0 ? "has written" : "could not write");
    case land:
      return fmt::format("{} lands:", append);
    case overtake:
      return fmt::format("{} overtakes an earlier one:", append);
    case tear:
      return fmt::format("a part of {} lands:", append);
    case twice:
      return fmt::format("{} lands again:", append);
    case told:
      return fmt::format(
          "{} learns that {} stands at @{}", node, append,
          raw(of.extra == 1 ? nodes_[of.node].sent[of.append].second : nodes_[of.node].sent[of.append].first));
    case told_odd:
      return fmt::format("{} is told that {} stands at @-1", node, append);
    case told_apart:
      return fmt::format("{} is told that the records of {} stand apart", node, append);
    case unknown:
      return fmt::format("{} is told that the end of {} is unknown", node, append);
    case refused:
      return fmt::format("{} is told that {} was refused{}", node, append, of.extra == 1 ? " as too large" : "");
    case expire:
      return fmt::format("the deadlines at {} pass", node);
    case crash:
      return fmt::format("{} crashes and starts again with {} saved batches", node, of.extra);
  }
  return {};
}

std::string world::picture() const {
  std::string all;
  for (const auto& one : log_) all += fmt::format("{}@{} {}", all.empty() ? "" : " | ", raw(one.offset), label(one));
  return all;
}

// ---- what clients are told

void world::end(const command& of, ending how) {
  attempts_[static_cast<std::size_t>(of.command_id[1] - '1')][static_cast<std::size_t>(of.traceparent[0] - '0')].ended =
      how;
}

void world::answered(const command& of, const command_outcome& outcome) {
  using enum outcome_kind;
  const int index = of.command_id[1] - '1';
  const int nth = of.traceparent[0] - '0';
  if (telling()) {
    static constexpr std::array names{"applied",   "unchanged",  "refused",   "version mismatch",
                                      "id reused", "overloaded", "not ready", "log unavailable",
                                      "unknown",   "internal",   "relayed"};
    std::string at;
    for (const auto& event : outcome.events) at += fmt::format(" @{}", raw(event.offset));
    say(fmt::format("; c{} is told: {}{}{}", index + 1, names[static_cast<std::size_t>(outcome.kind)],
                    at.empty() ? "" : ",", at));
  }
  switch (outcome.kind) {
    case applied: {
      end(of, ending::applied);
      const auto* there = book_.find(index);
      const bool right = there != nullptr && !there->refused && there->attempt == nth &&
                         there->version == raw(outcome.version) &&
                         std::ranges::equal(there->offsets, outcome.events, {}, {}, &outcome_event::offset);
      if (!right)
        complain(fmt::format("c{} is told: applied, but the folded log has it otherwise or not at all", index + 1));
      return;
    }
    case refused:
      return answered_no(of, raw(outcome.version), &book::refuses);
    case version_mismatch:
      return answered_no(of, raw(outcome.version), &book::mismatches);
    case not_ready:
    case overloaded:
    case log_unavailable:
    case internal:  // too large for the log
      end(of, ending::no_effect);
      return book_.rule_out(index, nth);
    case outcome_kind::unknown:
      return end(of, ending::unknown);
    case unchanged:
    case id_reused:
    case relayed:
      return complain(fmt::format("c{} gets an answer that nothing here can cause", index + 1));
  }
}

// An answer without effect, which has to be right: at some moment since the question, or as it stands in the log.
void world::answered_no(const command& of, std::uint64_t version, bool (book::*right)(int, std::size_t) const) {
  const int index = of.command_id[1] - '1';
  const int nth = of.traceparent[0] - '0';
  end(of, ending::refused);
  if (scope_.recorded_refusals && right == &book::refuses) {
    const auto* there = book_.find(index);
    if (there != nullptr && there->refused && there->attempt == nth && there->version == version) return;
    return complain(fmt::format("c{} is refused, but the folded log has it otherwise or not at all", index + 1));
  }
  book_.rule_out(index, nth);
  const auto& attempt = attempts_[static_cast<std::size_t>(index)][static_cast<std::size_t>(nth)];
  for (auto moment = attempt.submitted; moment <= log_.size(); ++moment) {
    if ((book_.*right)(index, moment) && book_.stream_of(index, moment).version == version) return;
  }
  complain(fmt::format("c{} is refused, and at no moment since it was sent was that right", index + 1));
}

void world::answered_again(const command& of, const remembered& first) {
  const int index = of.command_id[1] - '1';
  say(fmt::format("; c{} is told again: {}", index + 1, first.refused ? "refused" : "applied"));
  end(of, first.refused ? ending::refused : ending::applied);
  const auto* there = book_.find(index);
  const bool right = there != nullptr && there->refused == first.refused && there->version == raw(first.version) &&
                     std::ranges::equal(there->offsets, first.offsets);
  if (!right) complain(fmt::format("c{} is told an outcome again that is not its first", index + 1));
}

// ---- what must hold in every state

void world::after(node& at) {
  if (without_ == defect::none) check_owner(at);
}

void world::check_owner(node& at) {
  auto& owner = at.owner();
  if (owner.phase() == owner_phase::halted) complain(fmt::format("{} halted: {}", at.name(), owner.reason()));
  const auto& place = owner.place();
  if (raw(place.next) > static_cast<std::int64_t>(log_.size())) {
    return complain(fmt::format("{} has folded more than there is", at.name()));
  }
  const auto& point = book_.after(static_cast<std::size_t>(raw(place.next)));
  if (place.judged != point.judged)
    complain(fmt::format("{}'s arbiter stands otherwise than the checker's", at.name()));
  for (std::size_t i = 0; i < stream_names.size(); ++i) {
    const auto* stream = owner_inspector::certain(owner, stream_names[i]);
    if (stream == nullptr) continue;
    const auto count = count_of(*stream->state);
    if (raw(stream->version) == point.streams[i].version && count == point.streams[i].count) continue;
    complain(fmt::format("{}'s state {} v{} is not that of the folded log before @{}", at.name(), count,
                         raw(stream->version), raw(place.next)));
  }
}

std::string world::wrong() const { return wrong_.empty() ? book_.wrong() : wrong_; }

}  // namespace foldlog::test
