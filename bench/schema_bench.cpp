// How long does it take to say that a command is valid? The bank's Deposit, parsed before, against the bar of issue 6;
// beside it what the parser alone takes for the same text.
#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "bench/statistics.h"
#include "schemas/bank/schemas.h"
#include "schemas/json.h"
#include "schemas/registry.h"

namespace foldlog::bench {
namespace {

constexpr double bar_ns = 250;
constexpr int rounds = 15;
constexpr int calls = 200'000;

/// The median round, in ns a call.
template <typename Call>
double measure(const Call& call) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto start = steady::now();
    for (int i = 0; i < calls; ++i) {
      if (!call()) fail("a wrong answer");
    }
    times.push_back(seconds_since(start) * 1e9 / calls);
  }
  return median(std::move(times));
}

int run() {
  print_machine();
  schema_registry registry;
  if (const auto added = registry.add(bank::schemas()); !added) fail(added.error().text);
  constexpr std::string_view text = R"({"amount":12500,"reference":"invoice 2026-1107"})";
  json::parser parser;
  const double parsing = measure([&] { return parser.parse(text).has_value(); });
  const auto instance = *parser.parse(text);
  const auto* rules = registry.find("bank", "Deposit", 1);
  if (!rules->is_valid(instance) || rules->validate(*json::parser().parse("{}")).size() != 1) fail("a wrong verdict");
  const double validating = measure([&] { return rules->validate(instance).empty(); });
  fmt::print("  parse the same text {:>52.1f} ns\n", parsing);
  print_verdict("validate the bank's Deposit", validating, "<=", bar_ns, "ns");
  return validating <= bar_ns ? 0 : 1;
}

}  // namespace
}  // namespace foldlog::bench

int main() { return foldlog::bench::run(); }
