#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/cluster/circuit_breaker.h"
#include "core/cluster/peers.h"
#include "core/http/connection_pool.h"

namespace foldlog {

/// Requests to other nodes: each has its pool of connections and its circuit breaker. Used on one executor.
class peer_calls {
 public:
  peer_calls(boost::asio::any_io_executor executor, const clock& time, random_source random,
             http::connection_pool_options pools = {}, breaker_options breakers = {});
  ~peer_calls();
  peer_calls(const peer_calls&) = delete;
  peer_calls& operator=(const peer_calls&) = delete;

  /// False when the peer's circuit is open: nothing was sent, `done` is not called.
  [[nodiscard]] bool send(const announcement& to, http::outgoing request, http::incoming_handler done);
  /// Whether send() would. Asking changes nothing.
  [[nodiscard]] bool reachable(std::string_view endpoint) const;
  [[nodiscard]] std::size_t in_flight(std::string_view endpoint) const;
  /// Forgets those who are gone.
  void keep(const peers& living);

  struct statistics {
    std::string node;
    circuit state = circuit::closed;
    std::uint64_t opened = 0, requests = 0, failures = 0;
    std::size_t in_flight = 0, connections = 0;
  };
  [[nodiscard]] std::vector<statistics> all() const;

 private:
  struct line;
  line& line_to(const announcement& to);

  boost::asio::any_io_executor executor_;
  const clock& time_;
  random_source random_;
  http::connection_pool_options pools_;
  breaker_options breakers_;
  std::map<std::string, std::shared_ptr<line>, std::less<>> lines_;  ///< by endpoint
};

}  // namespace foldlog
