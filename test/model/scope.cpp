#include "scope.h"

#include <fmt/format.h>

namespace foldlog::test {
namespace {

constexpr wanted_command add{.adds = 1};
constexpr wanted_command add_to_new{.adds = 1, .expects = 0};
constexpr wanted_command add_elsewhere{.stream = 1, .adds = 1};
constexpr wanted_command add_once{.adds = 1, .fresh = true};
constexpr wanted_command add_two{.adds = 2};
constexpr wanted_command take{.takes = 1};

}  // namespace

std::vector<scope> default_scopes() {
  return {
      {.name = "any one fault", .commands = {add_two, take}, .faults = 1},
      {.name = "any two faults and a crash, one command without an id",
       .commands = {add_once},
       .faults = 2,
       .crashes = 1},
      {.name = "crashes, late saves, a store that fails, cold streams",
       .commands = {add, take},
       .offers = 3,
       .faults = 1,
       .crashes = 1,
       .kinds = fault_store,
       .cold_streams = true,
       .late_saves = true},
      {.name = "a command again, slow reads", .commands = {add, take}, .faults = 0, .repeats = 1, .slow_reads = true},
      {.name = "two streams, a condition, recorded refusals",
       .commands = {take, add_elsewhere, add_to_new},
       .faults = 0,
       .recorded_refusals = true},
      {.name = "three commands, gathered", .commands = {add, take, add_two}, .faults = 0, .batches = true},
      {.name = "released soon or at once, a standby",
       .commands = {add, take},
       .offers = 3,
       .faults = 0,
       .releases = 1,
       .follows = 1},
      {.name = "released with an append that ends unknown",
       .commands = {add},
       .faults = 1,
       .releases = 1,
       .follows = 1,
       .kinds = fault_unknown},
      {.name = "three nodes", .nodes = 3, .commands = {add, take}, .offers = 3, .faults = 0},
  };
}

// Each in a scope where its absence shows soon: without faults where hand-overs are enough.
std::vector<rule> rules() {
  const auto safe = [](std::vector<wanted_command> commands, int faults, std::uint32_t kinds = fault_all) {
    return scope{.name = "", .commands = std::move(commands), .faults = faults, .kinds = kinds, .recovery = false};
  };
  auto stored = safe({add, add}, 0);
  stored.crashes = 1;
  stored.recovery = true;
  auto torn = safe({add_two, take}, 1, fault_torn);
  torn.recovery = true;
  auto lost = safe({add, take}, 1, fault_unknown);  // the owner sees that its sequence holds another commit, and halts
  lost.recovery = true;
  auto alive = safe({add}, 0);
  alive.recovery = true;
  auto alone = safe({add, take, take}, 0);
  alone.nodes = 1;
  auto again = safe({add, take}, 0);
  again.repeats = 1;
  auto once = safe({add}, 0);
  once.repeats = 1;
  auto released = safe({add, add}, 0);
  released.releases = 1;
  auto standing = safe({add, take}, 0);
  standing.follows = 1;
  auto returning = safe({add}, 0);
  returning.offers = 3;
  returning.releases = returning.follows = 1;
  return {
      {defect::no_epoch_check, safe({add, add, add}, 0)},
      {defect::no_sequence_check, safe({add, add}, 1)},
      {defect::claim_keeps_open_commit, torn},
      {defect::any_offset_acknowledges, safe({add}, 0)},
      {defect::serve_before_read_up, safe({add, add}, 0)},
      {defect::unknown_taken_as_lost, lost},
      {defect::unknown_taken_as_applied, safe({add}, 1, fault_unknown)},
      {defect::answer_before_certain, safe({add}, 0)},
      {defect::held_answer_not_held, alone},
      {defect::refusal_without_proof, safe({add, take}, 0)},
      {defect::proof_under_way_counts, again},
      {defect::own_arbiter_stops_early, safe({add}, 1, fault_twice)},
      {defect::never_claims_again, alive},
      {defect::window_not_rebuilt, once},
      {defect::retry_decided_again, once},
      {defect::expected_version_ignored, safe({add, add_to_new}, 0)},
      {defect::stale_state_after_failure, safe({add, take}, 1, fault_unknown | fault_refused)},
      {defect::store_ahead_of_log, stored},
      {defect::released_owner_decides, released},
      {defect::released_in_flight_taken_as_lost, released},
      {defect::standby_answers, standing},
      {defect::standby_goes_on_unclaimed, returning},
  };
}

std::string text(const scope& of) {
  std::string commands;
  for (const auto& one : of.commands) {
    commands += commands.empty() ? "" : ", ";
    commands += one.adds > 0 ? fmt::format("add {} event{}", one.adds, one.adds > 1 ? "s" : "")
                             : fmt::format("take {}", one.takes);
    if (one.stream > 0) commands += fmt::format(" of {}", stream_names[one.stream]);
    if (one.fresh) commands += " under a fresh id";
    if (one.expects >= 0) commands += fmt::format(" at version {}", one.expects);
  }
  return fmt::format("{} nodes; {}; {} offers, {} faults (kinds {:#x}), {} crashes, {} repeats, {} appends in flight{}",
                     of.nodes, commands, of.offers, of.faults, of.kinds, of.crashes, of.repeats, of.in_flight,
                     of.batches ? ", commands gather" : "") +
         (of.releases > 0 ? fmt::format(", {} releases", of.releases) : "") +
         (of.follows > 0 ? fmt::format(", {} times standing by", of.follows) : "") +
         (of.recorded_refusals ? ", recorded refusals" : "") + (of.cold_streams ? ", cold streams" : "") +
         (of.paced_proofs ? ", paced proofs" : "") + (of.slow_reads ? ", slow reads" : "") +
         (of.late_saves ? ", late saves" : "");
}

}  // namespace foldlog::test
