#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

/// What every benchmark counts with.
namespace foldlog::bench {

using steady = std::chrono::steady_clock;

inline double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

/// The value below which that share (0 to 1) of the values lie; 0 of none. Reorders them.
inline double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  auto at = std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

inline double median(std::vector<double> values) { return percentile(values, 0.5); }

/// One measured round of requests, appends or transactions.
struct measurement {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

/// Medians over rounds, field by field.
measurement median_of(const std::vector<measurement>& rounds);

/// From latencies in ms (reordered) that took that many seconds together.
measurement summarize(std::vector<double>& latencies_ms, double seconds);

/// `cpu model, n cores, kernel`.
void print_machine();
/// Says on one line what was asked, what came out, and whether that reaches the bar.
void print_verdict(std::string_view question, double value, std::string_view relation, double bar,
                   std::string_view unit);

/// Prints the reason and ends the program with 1: an answer was wrong, so no figure counts.
[[noreturn]] void fail(std::string_view reason);

}  // namespace foldlog::bench
