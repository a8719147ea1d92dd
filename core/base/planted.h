#pragma once

#include <cstdint>

namespace foldlog {

/// Rules of the engine that its proofs break on purpose, one at a time, to show that the rule is needed (test/model)
/// and that the checker can see (test/simulation). test/planted/planted.h has their names and what each does.
enum class defect : std::uint8_t {
  none,
  // core/log: the arbiter
  no_epoch_check,
  no_sequence_check,
  claim_keeps_open_commit,
  damage_ignored,
  // command: the owner
  any_offset_acknowledges,
  serve_before_read_up,
  unknown_taken_as_lost,
  unknown_taken_as_applied,
  answer_before_certain,
  held_answer_not_held,
  refusal_without_proof,
  proof_under_way_counts,
  own_arbiter_stops_early,
  never_claims_again,
  window_not_rebuilt,
  retry_decided_again,
  hash_not_compared,
  expected_version_ignored,
  store_ahead_of_log,
  stale_state_after_failure,
  version_not_checked,
  released_owner_decides,
  released_in_flight_taken_as_lost,
  standby_answers,
  standby_goes_on_unclaimed,
  // projections and the store
  checkpoint_outside_batch,
  checkpoint_one_early,
  checkpoint_one_late,
  log_not_recognised,
  index_entry_left,
  cached_row_lost,
  void_records_folded,
  // query
  token_compared_wrongly,
  cursor_off_by_one,
  resume_off_by_one,
  subscription_ignores_verdicts,
  state_one_version_late,
  rows_of_another_moment,
};

#ifdef FOLDLOG_FAULTS
inline defect planted_defect = defect::none;
/// True when this defect is planted: only ever in the libraries `<folder>_with_faults`, which no program but the proofs
/// links. To be used in source files, not in headers, since those are compiled both ways.
[[nodiscard]] inline bool planted(defect which) { return planted_defect == which; }
#else
[[nodiscard]] constexpr bool planted(defect) { return false; }
#endif

}  // namespace foldlog
