// How an owner gives its partition up, and folds one that it may have to take.
#include "command/owner.h"
#include "core/base/planted.h"

namespace foldlog {

void owner::follow() {
  if (phase_ != owner_phase::vacant || retired_) return;
  enter(owner_phase::following, "stands by");
  reader_ = commit_reader(place_.judged);
  read_next_ = place_.next;
  port_.read_from(read_next_);
}

void owner::rest() {
  if (phase_ != owner_phase::following) return;
  port_.stop_reading();
  reading_paused_ = false;
  enter(owner_phase::vacant, "another node owns the partition");
}

void owner::release(bool at_once) {
  switch (phase_) {
    case owner_phase::vacant:
    case owner_phase::following:
    case owner_phase::halted:
      return;
    case owner_phase::serving:
      if (at_once) break;
      leaving_ = true;
      answer_all_waiting(outcome_kind::not_ready, handed_over);
      return flush();
    case owner_phase::claiming:
    case owner_phase::reading:
    case owner_phase::checking:
      if (leaving_ && !at_once) return;  // it finds out what became of its last appends
      break;
    case owner_phase::deposed:
      break;
  }
  leave_at_once("another node owns the partition");
}

void owner::leave_when_idle() {
  if (phase_ == owner_phase::serving && idle()) leave_at_once("was handed over");
}

void owner::leave_at_once(std::string_view why) {
  const std::string reason(why);
  port_.stop_reading();
  reading_paused_ = false;
  leaving_ = false;
  claim_at_.reset();
  claim_append_ = 0;
  take_back();
  const auto doubt =
      planted(defect::released_in_flight_taken_as_lost) ? outcome_kind::not_ready : outcome_kind::unknown;
  drop_doubtful([&](std::unique_ptr<command> of) { port_.answer(*of, {.kind = doubt, .detail = reason}); });
  answer_all_waiting(outcome_kind::not_ready, reason);
  enter(owner_phase::vacant, reason);
}

}  // namespace foldlog
