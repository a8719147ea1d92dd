#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "announcements.h"
#include "core/cluster/membership.h"
#include "core/cluster/ownership.h"
#include "core/log/memory_cluster.h"

namespace foldlog::test {

/// Several nodes' membership and ownership over one board and group in memory, on one loop in real time. A node serves
/// at once what it is to own; whether it rests at once too the test says.
struct nodes_rig {
  struct node {
    explicit node(nodes_rig& in, announcement says)
        : self(std::move(says)),
          board(in.shared->open_board()),
          group(in.shared->open_group()),
          members(
              *board, [this] { return self; }, make_alarm(in.loop.get_executor()), in.time, system_random(), in.timing),
          owns(*group, members, {"bank.account"}, 8, 1,
               {.wish =
                    [this](partition_id at, partition_wish wanted) {
                      wishes[at.partition] = wanted;
                      if (wanted == partition_wish::own) busy.insert(at.partition);
                      if (wanted != partition_wish::own && rests_at_once) busy.erase(at.partition);
                    },
                .drop = [this](partition_id at) { busy.erase(at.partition); },
                .rests = [this](partition_id at) { return !busy.contains(at.partition); }}) {}

    void join() {
      members.join([this](const result<void>& outcome) {
        heard = outcome;
        if (outcome) owns.start();
      });
    }
    [[nodiscard]] int owned() const {
      int count = 0;
      for (const auto& [at, wish] : wishes) count += wish == partition_wish::own ? 1 : 0;
      return count;
    }

    announcement self;
    std::unique_ptr<node_board> board;
    std::unique_ptr<partition_group> group;
    membership members;
    ownership owns;
    std::optional<result<void>> heard;
    std::map<std::int32_t, partition_wish> wishes;
    std::set<std::int32_t> busy;  ///< served at present
    bool rests_at_once = true;
  };

  nodes_rig() {
    std::vector<partition_id> all;
    for (std::int32_t partition = 0; partition < 8; ++partition) all.push_back({0, partition});
    shared = std::make_shared<memory_cluster>(std::move(all), loop.get_executor());
  }

  node& add(announcement says) {
    says.time_to_live = std::chrono::milliseconds(1000);
    nodes.push_back(std::make_unique<node>(*this, std::move(says)));
    return *nodes.back();
  }
  node& add(const std::string& name) { return add(node_named(name)); }

  /// Runs the loop until it is so; false when it is not within ten seconds.
  template <typename Question>
  bool until(Question question) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!question()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.restart();
      loop.run_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// Of the nodes that are added from now on.
  membership_options timing{.interval = std::chrono::milliseconds(40), .listening = std::chrono::milliseconds(80)};
  boost::asio::io_context loop{1};
  system_clock time;
  std::shared_ptr<memory_cluster> shared;
  std::vector<std::unique_ptr<node>> nodes;
};

}  // namespace foldlog::test
