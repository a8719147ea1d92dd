#include "tools/node_cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.h"

namespace foldlog {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view version = "0.1.0";

}  // namespace

node_cluster::node_cluster(cluster_parts parts, surroundings around)
    : parts_(std::move(parts)),
      around_(std::move(around)),
      instance_(hex(around_.random(), 16)),
      alarm_(make_alarm(around_.executor)),
      membership_(
          *parts_.board, [this] { return describe(); }, alarm_, around_.time, around_.random),
      calls_(around_.executor, around_.time, around_.random),
      forwarder_(
          calls_, alarm_, around_.time, around_.random,
          [this](const topic_partition& at) { return service_ != nullptr && service_->takes_commands(place_of(at)); },
          [this](const topic_partition& at) -> const announcement* {
            if (service_ == nullptr) return pick_command_node(membership_, calls_, at);
            const auto* owner = membership_.picture().owner_of(at.topic, at.partition);
            return owner == nullptr || owner->instance == instance_ ? nullptr : owner;
          }),
      front_{.of = membership_,
             .calls = calls_,
             .commands = forwarder_,
             .time = around_.time,
             .random = around_.random,
             .partitions = around_.log.partitions(),
             .command_timeout = around_.with.command_timeout} {}

partition_id node_cluster::place_of(const topic_partition& at) const {
  const auto& topics = around_.log.topics();
  return {static_cast<std::uint32_t>(std::ranges::find(topics, at.topic) - topics.begin()), at.partition};
}

announcement node_cluster::describe() const {
  announcement self;
  self.node = around_.node;
  self.cluster = around_.with.cluster;
  self.instance = instance_;
  self.version = version;
  self.roles = around_.with.roles;
  self.endpoint = around_.endpoint;
  self.topics = around_.log.topics();
  self.partitions = around_.log.partitions();
  self.serves = around_.serves();
  self.load = around_.load();
  if (service_ != nullptr) self.owns = service_->owned();
  return self;
}

void node_cluster::start(command_service* commands, std::function<void(error)> refused) {
  service_ = commands;
  membership_.on_change([this] { picture_changed(); });
  membership_.join([this, refused = std::move(refused)](const result<void>& heard) {
    if (!heard) return refused(heard.error());
    if (service_ != nullptr) begin_to_own();
  });
}

// Not before the topics are there: the group would look for them again only after seconds.
void node_cluster::begin_to_own() {
  if (!around_.log.health().readable) {
    timer_ = alarm_(50ms, [this] { begin_to_own(); });
    return;
  }
  ownership_ = std::make_unique<ownership>(
      *parts_.group, membership_, around_.log.topics(), around_.log.partitions(), around_.with.standby_replicas,
      ownership::port{.wish = [this](partition_id at, partition_wish wanted) { service_->wish(at, wanted); },
                      .drop = [this](partition_id at) { service_->drop(at); },
                      .rests = [this](partition_id at) { return service_->rests(at); }});
  ownership_->start();
}

void node_cluster::partition_changed(partition_id at) {
  if (ownership_) ownership_->changed(at);
  membership_.announce_soon();
  forwarder_.look_again();
}

void node_cluster::picture_changed() {
  calls_.keep(membership_.picture());
  forwarder_.look_again();
}

void node_cluster::leave(std::chrono::milliseconds within, std::function<void()> done) {
  membership_.announce_soon();
  const auto once = std::make_shared<std::function<void()>>(std::move(done));
  const auto finish = [once] {
    if (auto call = std::exchange(*once, nullptr)) call();
  };
  leave_timer_ = alarm_(ownership_ ? std::chrono::nanoseconds(within) : std::chrono::nanoseconds(200ms), finish);
  if (ownership_) ownership_->leave([this, finish] { leave_timer_ = alarm_(50ms, finish); });
}

void node_cluster::close() {
  timer_.reset();
  leave_timer_.reset();
  membership_.leave();
  parts_.group->close();
  parts_.board->close();
}

void node_cluster::complete(std::vector<command_service::partition_state>& states) const {
  for (auto& one : states) {
    if (const auto* owner = membership_.picture().owner_of(one.topic, one.partition);
        owner != nullptr && one.owner.empty())
      one.owner = owner->node;
    if (ownership_) one.standby = ownership_->standbys(place_of({one.topic, one.partition}));
    one.shared = true;
  }
}

std::string node_cluster::metrics() const {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
  };
  const auto& counts = forwarder_.counts();
  add("foldlog_nodes", "gauge", "Nodes of the cluster that live, this one among them",
      membership_.picture().live().size());
  add("foldlog_forwarded_total", "counter", "Commands that another node answered", counts.forwarded);
  add("foldlog_forward_retries_total", "counter", "Commands sent again", counts.retries);
  add("foldlog_forward_gave_up_total", "counter", "Commands for which no owner was found in time", counts.gave_up);
  add("foldlog_forward_waiting", "gauge", "Commands on their way to another node", forwarder_.waiting());
  add("foldlog_notes_refused_total", "counter", "Notes of nodes that do not fit this cluster",
      membership_.notes_refused());
  add("foldlog_hand_overs_total", "counter", "Partitions that the group took back",
      ownership_ ? ownership_->hand_overs() : 0);
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    for (const auto& peer : calls_.all()) text += fmt::format("{}{{peer=\"{}\"}} {}\n", name, peer.node, value(peer));
  };
  each("foldlog_peer_circuit", "gauge", "0 closed, 1 half-open, 2 open", [](const auto& peer) {
    return peer.state == circuit::closed ? 0 : peer.state == circuit::open ? 2 : 1;
  });
  each("foldlog_peer_circuit_opened_total", "counter", "Times the circuit opened",
       [](const auto& peer) { return peer.opened; });
  each("foldlog_peer_requests_total", "counter", "Requests sent to the peer",
       [](const auto& peer) { return peer.requests; });
  each("foldlog_peer_failures_total", "counter", "Requests that the peer did not answer",
       [](const auto& peer) { return peer.failures; });
  each("foldlog_peer_in_flight", "gauge", "Requests under way to the peer",
       [](const auto& peer) { return peer.in_flight; });
  each("foldlog_peer_connections", "gauge", "Connections to the peer",
       [](const auto& peer) { return peer.connections; });
  return text;
}

}  // namespace foldlog
