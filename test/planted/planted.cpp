#include "test/planted/planted.h"

#include <algorithm>
#include <array>

namespace foldlog::test {
namespace {

constexpr auto all = std::to_array<defect_entry>({
    {defect::no_epoch_check, "no-epoch-check", "the arbiter counts records of any epoch"},
    {defect::no_sequence_check, "no-sequence-check", "the arbiter counts records of the epoch in any sequence"},
    {defect::claim_keeps_open_commit, "claim-keeps-open-commit", "a claim does not void the commit that is open"},
    {defect::damage_ignored, "damage-ignored", "a record that does not continue its commit is skipped"},
    {defect::any_offset_acknowledges, "any-offset-acknowledges",
     "an append reported at any offset is taken as certain"},
    {defect::serve_before_read_up, "serve-before-read-up", "the owner decides as soon as its claim is acknowledged"},
    {defect::unknown_taken_as_lost, "unknown-taken-as-lost", "an unknown append is decided again with no new claim"},
    {defect::unknown_taken_as_applied, "unknown-taken-as-applied", "an unknown append is told as applied"},
    {defect::answer_before_certain, "answer-before-certain", "an applied command is answered before its append is"},
    {defect::held_answer_not_held, "held-answer-not-held", "answers about undecided state leave at once"},
    {defect::refusal_without_proof, "refusal-without-proof", "refusals need no record issued after them"},
    {defect::proof_under_way_counts, "proof-under-way-counts", "a record issued before a refusal proves it"},
    {defect::own_arbiter_stops_early, "own-arbiter-stops-early", "a deposed owner does not look which commits counted"},
    {defect::never_claims_again, "never-claims-again", "a deposed owner stays so for ever"},
    {defect::window_not_rebuilt, "window-not-rebuilt", "command ids met while reading up are not remembered"},
    {defect::retry_decided_again, "retry-decided-again", "a repeated command is decided as a new one"},
    {defect::hash_not_compared, "hash-not-compared", "an id used again with another body is a repeat"},
    {defect::expected_version_ignored, "expected-version-ignored", "If-Match is not compared"},
    {defect::store_ahead_of_log, "store-ahead-of-log", "the write model is saved before its commits are certain"},
    {defect::stale_state_after_failure, "stale-state-after-failure", "state decided on a failed append is kept"},
    {defect::version_not_checked, "version-not-checked", "an event of a wrong version is folded"},
    {defect::released_owner_decides, "released-owner-decides", "an owner that was told to leave still takes commands"},
    {defect::released_in_flight_taken_as_lost, "released-in-flight-taken-as-lost",
     "what is in flight when an owner leaves at once is told as not applied"},
    {defect::standby_answers, "standby-answers", "a standby refuses commands on what it has folded"},
    {defect::standby_goes_on_unclaimed, "standby-goes-on-unclaimed",
     "a former owner that stood by goes on in its old epoch, with no new claim"},
    {defect::checkpoint_outside_batch, "checkpoint-outside-batch", "rows and checkpoint are two writes"},
    {defect::checkpoint_one_early, "checkpoint-one-early", "the checkpoint names the last folded record as the next"},
    {defect::checkpoint_one_late, "checkpoint-one-late", "the checkpoint leaves out a record"},
    {defect::log_not_recognised, "log-not-recognised", "a log that was cut or made anew is folded on"},
    {defect::index_entry_left, "index-entry-left", "the index entry of a row's former value stays"},
    {defect::cached_row_lost, "cached-row-lost", "a row leaves the cache before it was written"},
    {defect::void_records_folded, "void-records-folded", "the runner folds what the arbiter ignores"},
    {defect::token_compared_wrongly, "token-compared-wrongly", "a view one record behind a token passes for fresh"},
    {defect::cursor_off_by_one, "cursor-off-by-one", "the next page leaves out its first row"},
    {defect::resume_off_by_one, "resume-off-by-one", "Last-Event-ID resumes one event late"},
    {defect::subscription_ignores_verdicts, "subscription-ignores-verdicts", "subscribers see void events"},
    {defect::state_one_version_late, "state-one-version-late", "the state at a version holds the event after it"},
    {defect::rows_of_another_moment, "rows-of-another-moment", "an answer's rows are older than the position it names"},
});

}  // namespace

std::span<const defect_entry> defects() { return all; }

std::optional<defect> find_defect(std::string_view name) {
  const auto* found = std::ranges::find(all, name, &defect_entry::name);
  if (found == all.end()) return std::nullopt;
  return found->which;
}

std::string_view name(defect which) {
  const auto* found = std::ranges::find(all, which, &defect_entry::which);
  return found == all.end() ? "none" : found->name;
}

}  // namespace foldlog::test
