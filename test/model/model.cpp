// A model checker of DESIGN section 5 that drives the engine's own arbiter and owners (core/log/arbiter.h,
// command/owner.h): nothing of the rule is written down a second time but the judge (book.cpp), which is the checker's.
//
//     model                      the default scopes, with all rules: must be clean
//     model --rule NAME|all      with one rule taken out (a planted defect): must give a counterexample
//     model --nodes 3 --commands 2 --faults 1 ...       a scope of one's own
//
// What can happen: the group names nodes in any order and at any time, takes the partition back from one that owns it
// (planned: it ends what is under way first; or at once), and lets nodes stand by; a client sends each command once,
// to any node, and repeats it; an append lands, is reported, ends unknown (landed, landing later or never: that is also
// what a record that was cut off above the high watermark looks like to everybody), is refused, lands in part, twice,
// or before an earlier one; it is reported at the second place, at offset -1, or as not consecutive; reports come late
// and in any order; nodes crash and start again on any prefix of what their store was given, deadlines pass, a checking
// owner runs out of time. A paused node is one that nothing happens to for long. All interleavings of it.
//
// What must hold in every state: versions 1..n, every command at most once and whole in the folded log, nothing of a
// superseded epoch in it; applied is told with the true version and offsets, refused only if it was right at a moment
// between question and answer, "certainly not" never of what is or comes; owners' arbiters and states are those of the
// checker's own fold of the log. And from every state a fair course (the fair schedule of recovery.cpp, with the others
// paused for ever, and with the others told to stop once nothing is on its way) leads to a serving owner, a final
// answer for every command, and the same answer for whoever asks again.
//
// Bounded, by the scope (scope.h): nodes, commands, offers, faults, crashes, repeats; the default scopes are in
// scope.cpp. Not modelled: more than two streams of a partition, one id with two bodies, several commits in one save, a
// full queue, a store that can't be read. Time has no length: what waits for it may happen at any moment. What was
// acknowledged stays in the log: that is the rule's own assumption.
//
// Owners can't be copied: a state is reached by taking its way again, and known again by a fingerprint of all that can
// make a difference (inspector.cpp, world_sum.cpp), nonces and nodes renamed. `--audit N` checks that fingerprint:
// every N-th time a state is taken for a known one, its successors must be those of the known one.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "report.h"
#include "test/planted/planted.h"

namespace foldlog::test {
namespace {

constexpr int exit_clean = 0;
constexpr int exit_no_counterexample = 1;
constexpr int exit_usage = 2;
constexpr int exit_violation = 3;

using arguments = std::map<std::string, std::string, std::less<>>;

const std::map<std::string, bool, std::less<>> known_options{
    {"--rule", true},          {"--nodes", true},         {"--commands", true},
    {"--depth", true},         {"--seconds", true},       {"--offers", true},
    {"--faults", true},        {"--crashes", true},       {"--repeats", true},
    {"--releases", true},      {"--follows", true},       {"--kinds", true},
    {"--json", false},         {"--batches", false},      {"--commit", true},
    {"--audit", true},         {"--in-flight", true},     {"--script", true},
    {"--slow-reads", false},   {"--late-saves", false},   {"--recorded-refusals", false},
    {"--cold-streams", false}, {"--paced-proofs", false},
};

bool parse(int count, char** given, arguments& into) {
  for (int i = 1; i < count; ++i) {
    const auto found = known_options.find(given[i]);
    if (found == known_options.end() || (found->second && i + 1 == count)) return false;
    const char* option = given[i];
    into[option] = found->second ? given[++i] : "";
  }
  return true;
}

int number(const arguments& from, const char* option, int otherwise) {
  const auto found = from.find(option);
  return found == from.end() ? otherwise : static_cast<int>(std::strtol(found->second.c_str(), nullptr, 0));
}

// `--script 2,-1,1@0`: adds two events, takes one, adds one if the stream is at version 0 (`1t`: to
// another stream); else the first `--commands`
// of that.
std::vector<wanted_command> commands_of(const arguments& from) {
  std::vector<wanted_command> all;
  const auto script = from.contains("--script") ? from.at("--script") : "1,-1,2,-2";
  for (std::size_t at = 0; at < script.size();) {
    const auto wanted = std::atoi(script.c_str() + at);
    all.push_back(wanted > 0 ? wanted_command{.adds = wanted} : wanted_command{.takes = -wanted});
    const auto other = script.find('t', at);
    const auto fresh = script.find('f', at);
    const auto condition = script.find('@', at);
    const auto comma = script.find(',', at);
    all.back().stream = other < comma ? 1 : 0;
    all.back().fresh = fresh < comma;
    if (condition < comma) all.back().expects = std::atoi(script.c_str() + condition + 1);
    if (comma == std::string::npos) break;
    at = comma + 1;
  }
  const auto most = from.contains("--script") ? all.size() : static_cast<std::size_t>(number(from, "--commands", 2));
  if (all.size() > most) all.resize(most);
  return all;
}

std::vector<scope> scopes_of(const arguments& from) {
  bool own = false;
  for (const auto* option : {"--nodes", "--commands", "--offers", "--faults", "--crashes", "--repeats", "--releases",
                             "--follows", "--kinds", "--batches", "--script", "--slow-reads", "--late-saves",
                             "--recorded-refusals", "--cold-streams", "--paced-proofs"}) {
    own = own || from.contains(option);
  }
  auto all = default_scopes();
  if (own) {
    all = {{.name = "as given",
            .nodes = number(from, "--nodes", 2),
            .commands = commands_of(from),
            .offers = number(from, "--offers", 2),
            .faults = number(from, "--faults", 1),
            .crashes = number(from, "--crashes", 0),
            .releases = number(from, "--releases", 0),
            .follows = number(from, "--follows", 0),
            .repeats = number(from, "--repeats", 0),
            .kinds = static_cast<std::uint32_t>(number(from, "--kinds", fault_all)),
            .in_flight = static_cast<std::size_t>(number(from, "--in-flight", 2)),
            .batches = from.contains("--batches"),
            .recorded_refusals = from.contains("--recorded-refusals"),
            .cold_streams = from.contains("--cold-streams"),
            .paced_proofs = from.contains("--paced-proofs"),
            .slow_reads = from.contains("--slow-reads"),
            .late_saves = from.contains("--late-saves")}};
  }
  for (auto& one : all) one.depth = number(from, "--depth", one.depth);
  return all;
}

int run(const arguments& given) {
  const limits stop{.seconds = static_cast<double>(number(given, "--seconds", 1'000'000)),
                    .audit_every = static_cast<std::uint64_t>(number(given, "--audit", 0))};
  const auto wanted = given.contains("--rule") ? given.at("--rule") : "";
  std::vector<ran> all;
  if (wanted.empty()) {
    for (auto& one : scopes_of(given)) all.push_back({.in = one, .what = {}});
  } else {
    for (auto& one : rules()) {
      if (wanted != "all" && wanted != name(one.without)) continue;
      if (given.contains("--depth")) one.in.depth = number(given, "--depth", 0);
      all.push_back({.in = one.in, .without = one.without, .what = {}});
    }
    if (all.empty()) return fmt::print(stderr, "model: there is no rule {}\n", wanted), exit_usage;
  }
  int outcome = exit_clean;
  for (auto& one : all) {
    one.what = explore(one.in, one.without, stop);
    if (!given.contains("--json")) print(one);
    if (one.without == defect::none && one.what.found) outcome = exit_violation;
    if (one.without != defect::none && !one.what.found) outcome = exit_no_counterexample;
  }
  if (given.contains("--json")) {
    fmt::print("{}\n", as_json(all, given.contains("--commit") ? given.at("--commit") : ""));
  }
  return outcome;
}

}  // namespace
}  // namespace foldlog::test

int main(int argc, char** argv) {
  foldlog::test::arguments given;
  if (!foldlog::test::parse(argc, argv, given)) {
    fmt::print(stderr,
               "usage: model [--rule NAME|all] [--nodes N] [--commands N | --script 1,-1,2] [--offers N] [--faults N]\n"
               "             [--kinds BITS] [--crashes N] [--releases N] [--follows N] [--repeats N]\n"
               "             [--batches] [--slow-reads] [--late-saves]\n"
               "             [--recorded-refusals] [--cold-streams] [--paced-proofs]\n"
               "             [--in-flight N] [--depth N] [--seconds N] [--audit N] [--json] [--commit HASH]\n");
    return foldlog::test::exit_usage;
  }
  return foldlog::test::run(given);
}
