#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/cluster/forwarder.h"
#include "core/cluster/membership.h"
#include "core/http/router.h"

namespace foldlog {

/// What the front's routes work with. Outlives the router; used on one executor.
struct front_context {
  membership& of;
  peer_calls& calls;
  forwarder& commands;  ///< whose picker is pick_command_node()
  const clock& time;
  random_source random;
  std::int32_t partitions = 1;
  std::chrono::milliseconds command_timeout{10'000};
  std::chrono::milliseconds read_timeout{35'000};  ///< a read may wait 30 s for its token
};

/// The owner of the partition; else, and for a batch (no topic), the ready command node with the fewest requests of
/// ours under way.
[[nodiscard]] const announcement* pick_command_node(const membership& of, const peer_calls& calls,
                                                    const topic_partition& at);

/// `/v1/commands` to command nodes.
void add_front_command_routes(http::router& to, front_context& context);
/// `POST /v1/streams/{domain}/…` to command nodes, for a domain whose events clients append.
void add_front_append_routes(http::router& to, front_context& context, std::string_view domain);
/// Views, streams and events to the ready query node with the fewest requests of ours under way.
void add_front_read_routes(http::router& to, front_context& context);

}  // namespace foldlog
