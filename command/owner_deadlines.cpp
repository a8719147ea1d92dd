// What time does to an owner: deadlines of commands, claims and saves that are due, the end of its work.
#include <algorithm>

#include "command/owner.h"

namespace foldlog {

void owner::tick() {
  const auto now = time_.monotonic();
  expire(now);
  // A retired owner claims only to learn how its last commits ended.
  if (claim_at_ && now >= *claim_at_ && (!retired_ || !in_doubt_.empty())) claim("claims again");
  if (unsaved_commits_ > 0 && now - first_unsaved_ >= options_.save_after) save();
  flush();
  streams_.evict();
  wake_for_what_is_due(now);
}

void owner::wake_for_what_is_due(std::chrono::nanoseconds now) {
  if (claim_at_ && *claim_at_ > now) port_.wake_after(*claim_at_ - now);
  const auto save_at = first_unsaved_ + options_.save_after;
  if (unsaved_commits_ > 0 && !saving_ && save_at > now) port_.wake_after(save_at - now);
}

void owner::expire(std::chrono::nanoseconds now) {
  const auto late = [&](const std::unique_ptr<command>& of) { return !of || of->deadline <= now; };
  while (!waiting_.empty() && late(waiting_.front())) {
    auto gone = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= gone->data.size();
    port_.answer(*gone,
                 {.kind = gone->was_in_doubt ? outcome_kind::unknown : outcome_kind::not_ready, .detail = reason_});
  }
  while (!held_.empty() && late(held_.front().of)) {
    auto gone = std::move(held_.front().of);
    held_.pop_front();
    held_bytes_ -= gone->data.size();
    port_.answer(*gone, {.kind = gone->was_in_doubt ? outcome_kind::unknown : outcome_kind::not_ready,
                         .detail = "the partition's ownership could not be proved in time"});
  }
  const auto tell_when_late = [&](commit& of) {  // told once; the commit itself goes on until the log has spoken
    if (!of.from || !of.from->done || !late(of.from)) return;
    port_.answer(*of.from, {.kind = outcome_kind::unknown, .detail = "the log has not answered in time"});
  };
  for (auto& append : in_flight_) std::ranges::for_each(append.commits, tell_when_late);
  std::ranges::for_each(in_doubt_, tell_when_late);
  std::ranges::for_each(pending_, tell_when_late);
}

void owner::retire() {
  retired_ = true;
  if (phase_ == owner_phase::serving || phase_ == owner_phase::checking) return;
  if (in_doubt_.empty()) claim_at_.reset();
  answer_all_waiting(outcome_kind::not_ready, "the node is stopping");
}

}  // namespace foldlog
