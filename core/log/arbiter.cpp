#include "core/log/arbiter.h"

namespace foldlog {

verdict arbiter::judge(const record& next) {
  if (next.kind == record_kind::claim) {
    state_ = {.epoch = {next.offset, next.epoch.nonce}};
    return verdict::claim;
  }
  const bool counts = next.kind != record_kind::foreign && state_.epoch.offset != no_offset &&
                      next.epoch == state_.epoch && next.epoch_sequence == state_.next_sequence;
  if (!counts) return verdict::ignored;

  const bool begins = state_.open_count == 0;
  const bool continues_its_commit = next.commit_index == state_.open_records && next.commit_index < next.commit_count &&
                                    (begins || next.commit_count == state_.open_count);
  if (!continues_its_commit) return verdict::damaged;

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
