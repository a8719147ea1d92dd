#include "core/cluster/peer_calls.h"

#include <algorithm>
#include <charconv>

#include "core/runtime/logging.h"

namespace foldlog {
namespace {

struct address {
  std::string host;
  std::uint16_t port = 80;
};

address address_of(std::string_view endpoint) {
  constexpr std::string_view scheme = "http://";
  if (endpoint.starts_with(scheme)) endpoint.remove_prefix(scheme.size());
  const auto colon = endpoint.rfind(':');
  address made{std::string(endpoint.substr(0, colon)), 80};
  if (colon != std::string_view::npos)
    std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), made.port);
  if (made.host.starts_with('[') && made.host.ends_with(']')) made.host = made.host.substr(1, made.host.size() - 2);
  return made;
}

}  // namespace

struct peer_calls::line {
  line(const boost::asio::any_io_executor& executor, const address& to, std::string name,
       const http::connection_pool_options& pool, const breaker_options& options)
      : node(std::move(name)), breaker(options), connections(executor, to.host, to.port, pool) {}

  std::string node;
  circuit_breaker breaker;
  http::connection_pool connections;
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
};

peer_calls::peer_calls(boost::asio::any_io_executor executor, const clock& time, random_source random,
                       http::connection_pool_options pools, breaker_options breakers)
    : executor_(std::move(executor)), time_(time), random_(std::move(random)), pools_(pools), breakers_(breakers) {}

peer_calls::~peer_calls() = default;

peer_calls::line& peer_calls::line_to(const announcement& to) {
  auto& found = lines_[to.endpoint];
  if (!found) found = std::make_shared<line>(executor_, address_of(to.endpoint), to.node, pools_, breakers_);
  return *found;
}

bool peer_calls::send(const announcement& to, http::outgoing request, http::incoming_handler done) {
  auto& line = line_to(to);
  if (!line.breaker.allows(time_.monotonic())) return false;
  ++line.requests;
  line.connections.send(std::move(request), [this, weak = std::weak_ptr(lines_[to.endpoint]),
                                             done = std::move(done)](http::incoming outcome) mutable {
    if (const auto kept = weak.lock()) {
      if (outcome.status == http::exchange_status::answered) {
        kept->breaker.succeeded();
      } else {
        ++kept->failures;
        const auto before = kept->breaker.state();
        kept->breaker.failed(time_.monotonic(), random_);
        if (kept->breaker.state() == circuit::open && before != circuit::open) {
          log(log_level::warning, "a peer does not answer", {{"node", kept->node}, {"reason", outcome.reason}});
        }
      }
    }
    done(std::move(outcome));
  });
  return true;
}

bool peer_calls::reachable(std::string_view endpoint) const {
  const auto found = lines_.find(endpoint);
  if (found == lines_.end()) return true;
  auto copy = found->second->breaker;
  return copy.allows(time_.monotonic());
}

std::size_t peer_calls::in_flight(std::string_view endpoint) const {
  const auto found = lines_.find(endpoint);
  return found == lines_.end() ? 0 : found->second->connections.in_flight();
}

void peer_calls::keep(const peers& living) {
  std::erase_if(lines_, [&](const auto& each) {
    const bool lives =
        std::ranges::any_of(living.live(), [&](const auto& one) { return one.second.says.endpoint == each.first; });
    return !lives && each.second->connections.in_flight() == 0;
  });
}

std::vector<peer_calls::statistics> peer_calls::all() const {
  std::vector<statistics> told;
  told.reserve(lines_.size());
  for (const auto& [endpoint, line] : lines_) {
    told.push_back({line->node, line->breaker.state(), line->breaker.times_opened(), line->requests, line->failures,
                    line->connections.in_flight(), line->connections.connections()});
  }
  return told;
}

}  // namespace foldlog
