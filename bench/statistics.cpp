#include "bench/statistics.h"

#include <fmt/core.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

namespace foldlog::bench {

measurement median_of(const std::vector<measurement>& rounds) {
  auto of = [&](double measurement::* field) {
    std::vector<double> values;
    for (const auto& round : rounds) values.push_back(round.*field);
    return median(values);
  };
  return {of(&measurement::per_second), of(&measurement::p50_ms), of(&measurement::p99_ms)};
}

measurement summarize(std::vector<double>& latencies_ms, double seconds) {
  double count = static_cast<double>(latencies_ms.size());
  return {count / seconds, percentile(latencies_ms, 0.5), percentile(latencies_ms, 0.99)};
}

void print_machine() {
  std::string model = "unknown processor";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  utsname system{};
  uname(&system);
  fmt::print("machine     {}, {} cores, {} {}\n", model, std::thread::hardware_concurrency(), system.sysname,
             system.release);
}

void print_verdict(std::string_view question, double value, std::string_view relation, double bar,
                   std::string_view unit) {
  bool reached = relation.starts_with('>') ? value >= bar : value <= bar;
  fmt::print("{:<64} {:>10.3f} {:<9} bar {} {:<8.6g} {}\n", question, value, unit, relation, bar,
             reached ? "reached" : "BELOW THE BAR");
  std::fflush(stdout);
}

void fail(std::string_view reason) {
  std::fflush(stdout);
  fmt::print(stderr, "WRONG: {}\n", reason);
  std::exit(1);
}

}  // namespace foldlog::bench
