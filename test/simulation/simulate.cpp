// simulate: the whole engine in seeded runs on one thread (test/simulation/run.h).
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/logging.h"
#include "test/planted/planted.h"
#include "test/simulation/run.h"

namespace foldlog::test {
namespace {

constexpr int clean = 0;
constexpr int wrong_usage = 2;
constexpr int violated = 3;
constexpr std::uint64_t table_seeds = 2000;

struct arguments {
  std::uint64_t seed = 0;
  std::uint64_t runs = 1;
  std::size_t steps = run_options{}.steps;
  defect planted = defect::none;
  bool list = false;
  bool json = false;
  bool print = false;
  bool table = false;
};

constexpr std::string_view usage =
    "simulate [--seed N] [--runs N] [--steps N] [--defect NAME] [--trace] [--json]\n"
    "simulate --list-defects | --table\n";

bool parse_number(std::string_view text, std::uint64_t& into) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), into);
  return code == std::errc() && end == text.data() + text.size();
}

// False when the value is none of that option.
bool take_value(arguments& made, std::string_view option, std::string_view value) {
  if (option == "--defect") {
    const auto found = find_defect(value);
    if (found) made.planted = *found;
    return found.has_value();
  }
  std::uint64_t number = 0;
  if (!parse_number(value, number)) return false;
  if (option == "--seed") made.seed = number;
  if (option == "--runs") made.runs = number;
  if (option == "--steps") made.steps = number;
  return option == "--seed" || option == "--runs" || option == "--steps";
}

bool parse(const std::vector<std::string_view>& given, arguments& made) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto option = given[i];
    if (option == "--list-defects") {
      made.list = true;
    } else if (option == "--json") {
      made.json = true;
    } else if (option == "--trace") {
      made.print = true;
    } else if (option == "--table") {
      made.table = true;
    } else if (i + 1 == given.size() || !take_value(made, option, given[++i])) {
      return false;
    }
  }
  return made.runs > 0 && made.steps > 0;
}

std::string json_text(std::string_view text) {
  std::string made;
  http::append_json_string(made, text);
  return made;
}

void print_json(const run_report& of) {
  std::string faults;
  for (std::size_t i = 0; i < fault_names.size(); ++i) {
    faults += fmt::format("{}\"{}\":{}", i > 0 ? "," : "", fault_names[i], of.faults[i]);
  }
  fmt::print(
      R"({{"seed":{},"hash":"{:016x}","steps":{},"virtual_seconds":{:.3f},"commands":{},"attempts":{},"reads":{},)"
      R"("delivered":{},"resumes":{},"appends":{},"commits":{},"claims":{},"proofs":{},"refusals":{},{},)"
      R"("invariant":{},"violation":{}}})"
      "\n",
      of.seed, of.hash, of.steps, of.virtual_seconds, of.commands, of.attempts, of.reads, of.events_delivered,
      of.resumes, of.appends, of.log.commits, of.log.claims, of.log.proofs, of.log.refusals, faults,
      of.broken ? json_text(of.broken->invariant) : std::string("null"),
      of.broken ? json_text(of.broken->text) : std::string("null"));
}

void print_violation(const run_report& of, const arguments& with) {
  const auto defect = with.planted == defect::none ? "" : fmt::format(" --defect {}", name(with.planted));
  fmt::print("seed {} step {}: {} is broken: {}\nrepeat it: simulate --seed {} --steps {}{} --trace\n", of.seed,
             of.steps, of.broken->invariant, of.broken->text, of.seed, with.steps, defect);
}

int run_all(const arguments& with) {
  const plant planted(with.planted);
  if (!with.json) fmt::print("seed {}, {} runs of {} steps\n", with.seed, with.runs, with.steps);
  std::uint64_t all = 0;
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t seed = with.seed; seed < with.seed + with.runs; ++seed) {
    const auto report = run_simulation({.seed = seed, .steps = with.steps, .print = with.print});
    all = all * 31 + report.hash;
    if (with.json) print_json(report);
    if (!with.json && with.runs <= 20) fmt::print("seed {} hash {:016x}\n", seed, report.hash);
    if (!report.broken) continue;
    if (!with.json) print_violation(report, with);
    return violated;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!with.json)
    fmt::print("clean: hash {:016x}, {:.0f} runs a second\n", all, static_cast<double>(with.runs) / took.count());
  return clean;
}

// Every defect until it is seen. Fails when one is not.
int write_table(const arguments& with) {
  fmt::print("seed {}, up to {} seeds of {} steps for each defect\n\n", with.seed, table_seeds, with.steps);
  fmt::print(
      "| defect | what it does | seeds until it is seen | broken | an example |\n| --- | --- | --- | --- | --- |\n");
  bool seen_all = true;
  for (const auto& [which, name, meaning] : defects()) {
    const plant planted(which);
    std::optional<run_report> seen;
    for (std::uint64_t seed = with.seed; seed < with.seed + table_seeds && !seen; ++seed) {
      auto report = run_simulation({.seed = seed, .steps = with.steps});
      if (report.broken) seen = std::move(report);
    }
    seen_all = seen_all && seen;
    fmt::print("| {} | {} | {} | {} | {} |\n", name, meaning,
               seen ? std::to_string(seen->seed - with.seed + 1) : std::string("**never**"),
               seen ? seen->broken->invariant : std::string(),
               seen ? fmt::format("`--seed {}`", seen->seed) : std::string());
    std::fflush(stdout);
  }
  return seen_all ? clean : violated;
}

int run(const std::vector<std::string_view>& given) {
  arguments with;
  with.seed = std::random_device()();
  if (!parse(given, with)) {
    fmt::print(stderr, "{}", usage);
    return wrong_usage;
  }
  set_log_level(log_level::off);
  if (with.list) {
    for (const auto& [which, name, meaning] : defects()) fmt::print("{}: {}\n", name, meaning);
    return clean;
  }
  return with.table ? write_table(with) : run_all(with);
}

}  // namespace
}  // namespace foldlog::test

int main(int count, char** values) {
  return foldlog::test::run(std::vector<std::string_view>(values + 1, values + count));
}
