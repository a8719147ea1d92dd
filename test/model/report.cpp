#include "report.h"

#include <fmt/format.h>

#include <cstdio>

#include "schemas/json.h"
#include "test/planted/planted.h"

namespace foldlog::test {
namespace {

std::string legend(const scope& of) {
  std::string all;
  for (std::size_t i = 0; i < of.commands.size(); ++i) {
    const auto& one = of.commands[i];
    all += fmt::format("{}c{} {} {}", i == 0 ? "" : ", ", i + 1, one.adds > 0 ? "adds" : "takes", one.adds + one.takes);
  }
  return all;
}

std::string quoted(const std::string& text) {
  std::string made;
  json::append_string(made, text);
  return made;
}

std::string numbers(const exploration& of) {
  return fmt::format(R"("states":{},"transitions":{},"recoveries":{},"depth":{},"seconds":{:.2f},"complete":{})",
                     of.states, of.transitions, of.recoveries, of.depth, of.seconds, of.complete);
}

std::string trace(const exploration& of) {
  std::string all;
  for (const auto& step : of.found->steps) all += (all.empty() ? "" : ",") + quoted(step);
  return fmt::format(R"("violation":{},"trace_length":{},"trace":[{}])", quoted(of.found->wrong),
                     of.found->steps.size(), all);
}

}  // namespace

void print(const ran& one) {
  const auto& what = one.what;
  fmt::print("{}: {}\n", one.without == defect::none ? one.in.name : name(one.without), text(one.in));
  fmt::print("  {} states, {} transitions, {} courses to the end, depth {}, {:.1f} s{}\n", what.states,
             what.transitions, what.recoveries, what.depth, what.seconds,
             what.found      ? ", VIOLATION"
             : what.complete ? ", complete, clean"
                             : ", clean as far as it came: NOT complete");
  if (what.audited > 0) fmt::print("  {} states that were taken for known ones lead on as those do\n", what.audited);
  if (what.found) {
    fmt::print("  {}\n", legend(one.in));
    std::size_t number = 0;
    for (const auto& step : what.found->steps) fmt::print("  {:3}  {}\n", ++number, step);
    fmt::print("   =>  {}\n  log  {}\n", what.found->wrong, what.found->log);
  }
  std::fflush(stdout);
}

std::string as_json(const std::vector<ran>& all, const std::string& commit) {
  std::string scopes;
  std::string rules;
  exploration sum;
  sum.complete = true;
  for (const auto& one : all) {
    auto& into = one.without == defect::none ? scopes : rules;
    into += fmt::format(R"({}{{"name":{},"scope":{},{}{}{}}})", into.empty() ? "" : ",",
                        quoted(std::string(one.without == defect::none ? one.in.name : name(one.without))),
                        quoted(text(one.in)), numbers(one.what), one.what.found ? "," : "",
                        one.what.found ? trace(one.what) : "");
    sum.states += one.what.states;
    sum.transitions += one.what.transitions;
    sum.recoveries += one.what.recoveries;
    sum.depth = std::max(sum.depth, one.what.depth);
    sum.seconds += one.what.seconds;
    sum.complete = sum.complete && (one.without != defect::none || one.what.complete);
  }
  return fmt::format(R"({{"commit":{},{},"scopes":[{}],"rules":[{}]}})", quoted(commit), numbers(sum), scopes, rules);
}

}  // namespace foldlog::test
