#include "core/log/arbiter.h"

#include "core/base/planted.h"

namespace foldlog {

verdict arbiter::judge(const record& next) {
  if (next.kind == record_kind::claim) {
    const auto kept = planted(defect::claim_keeps_open_commit) ? state_ : state{};
    state_ = {.epoch = {next.offset, next.epoch.nonce},
              .next_sequence = 0,
              .open_records = kept.open_records,
              .open_count = kept.open_count};
    return verdict::claim;
  }
  const bool counts = next.kind != record_kind::foreign && state_.epoch.offset != no_offset &&
                      (next.epoch == state_.epoch || planted(defect::no_epoch_check)) &&
                      (next.epoch_sequence == state_.next_sequence || planted(defect::no_sequence_check));
  if (!counts) return verdict::ignored;

  const bool begins = state_.open_count == 0;
  const bool continues_its_commit = next.commit_index == state_.open_records && next.commit_index < next.commit_count &&
                                    (begins || next.commit_count == state_.open_count);
  if (!continues_its_commit) return planted(defect::damage_ignored) ? verdict::ignored : verdict::damaged;

  ++state_.next_sequence;
  if (next.commit_index + 1 == next.commit_count) {
    state_.open_records = 0;
    state_.open_count = 0;
    return verdict::completes;
  }
  ++state_.open_records;
  state_.open_count = next.commit_count;
  return verdict::continues;
}

}  // namespace foldlog
