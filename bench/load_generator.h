#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/statistics.h"

namespace foldlog::bench {

struct load_options {
  std::string address;   ///< host:port
  int connections = 64;  ///< keep-alive, one outstanding request each
  double seconds = 2;    ///< then each connection still awaits its last answer
  int accounts = 1000;   ///< each request deposits into the next one
  std::string content_type = "application/json";
  const std::atomic<bool>* stop = nullptr;  ///< ends the load early
};

struct load_result {
  measurement measured;
  std::int64_t answers = 0;
  std::int64_t amount = 0;  ///< the sum of all deposits that were answered 200
};

/// Posts one `Deposit` after the other over each connection from one thread (epoll, requests rendered beforehand).
/// Every answer must be a 200: anything else fails the benchmark.
load_result run_load(const load_options& options);

/// The id of an account of the load.
std::string account_id(int number);

}  // namespace foldlog::bench
