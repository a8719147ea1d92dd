#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "command/command_service.h"
#include "core/cluster/forwarder.h"
#include "core/cluster/front_routes.h"
#include "core/cluster/membership.h"
#include "core/cluster/ownership.h"
#include "core/log/open_cluster.h"
#include "tools/configuration.h"

namespace foldlog {

/// What a node on a shared log has besides its own parts: its membership, what it should own, its ways to the others.
/// Used on the node's loop.
class node_cluster {
 public:
  struct surroundings {
    const configuration& with;
    event_log& log;
    boost::asio::any_io_executor executor;
    const clock& time;
    random_source random;
    std::string node;
    std::string endpoint;
    /// What this node is ready for, and how many requests are under way in it.
    std::function<node_roles()> serves;
    std::function<std::uint64_t()> load;
  };

  node_cluster(cluster_parts parts, surroundings around);

  /// `commands`: none without that role. `refused`: why this node may not be one of the cluster.
  void start(command_service* commands, std::function<void(error)> refused);
  /// For the command service's options: told of every change of a partition.
  void partition_changed(partition_id at);
  /// Readiness or the like has changed.
  void announce() { membership_.announce_soon(); }
  /// Hands everything over; `done` when that is done or the time is up. Commands still pass through afterwards.
  void leave(std::chrono::milliseconds within, std::function<void()> done);
  /// Nobody may count on this node any more.
  void close();

  [[nodiscard]] bool joined() const { return membership_.joined(); }
  [[nodiscard]] forwarder& commands() { return forwarder_; }
  [[nodiscard]] front_context& front() { return front_; }
  [[nodiscard]] const foldlog::peers& picture() const { return membership_.picture(); }
  /// Adds owner and standbys of partitions as the others tell them.
  void complete(std::vector<command_service::partition_state>& states) const;
  /// In the text format of Prometheus.
  [[nodiscard]] std::string metrics() const;

 private:
  [[nodiscard]] announcement describe() const;
  void begin_to_own();
  [[nodiscard]] partition_id place_of(const topic_partition& at) const;
  void picture_changed();

  cluster_parts parts_;
  surroundings around_;
  std::string instance_;
  foldlog::alarm alarm_;
  command_service* service_ = nullptr;
  membership membership_;
  peer_calls calls_;
  forwarder forwarder_;
  front_context front_;
  std::unique_ptr<ownership> ownership_;
  std::shared_ptr<void> timer_;
  std::shared_ptr<void> leave_timer_;
};

}  // namespace foldlog
