#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command/command_routes.h"
#include "core/http/router.h"
#include "core/runtime/progress.h"
#include "projections/runner.h"
#include "test/simulation/sim_store.h"
#include "test/simulation/world.h"

namespace foldlog::test {

class sim_stream;

/// What a node keeps when it dies.
struct disk {
  disk(chance luck, const fault_rates& rates, std::size_t unsynced_writes, fault_counts& counts)
      : views(luck.fork(), {rates.write_error, rates.get_error, unsynced_writes}, counts),
        write_model(luck.fork(), {rates.write_error, rates.get_error, unsynced_writes}, counts) {}
  sim_store views;
  sim_store write_model;
};

/// The time as one node has it.
class node_clock final : public clock {
 public:
  explicit node_clock(const scheduler& time) : time_(time) {}
  [[nodiscard]] timestamp now() const override {
    return timestamp(std::chrono::seconds(1'795'250'000)) + offset_ +
           std::chrono::duration_cast<std::chrono::microseconds>(time_.now());
  }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override { return std::chrono::hours(1) + time_.now(); }
  /// The wall clock is so far off from now on.
  void be_off(std::chrono::microseconds offset) { offset_ = offset; }

 private:
  const scheduler& time_;
  std::chrono::microseconds offset_{};
};

/// One process: all parts of a server but its sockets and threads, put together as tools/node.cpp does it. Nothing of
/// it runs but in turns that the scheduler gives it.
class node {
 public:
  node(world& in, std::string name, disk& on, std::chrono::microseconds clock_off);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// False when the process could not start (its disk does not answer).
  [[nodiscard]] bool start();
  /// Hands a request to the router, within a turn of this node.
  void handle(const http::request& of, http::responder answer);
  void turn_soon();
  void pause_until(std::chrono::nanoseconds when) { paused_until_ = when; }
  [[nodiscard]] bool paused() const { return in_.time.now() < paused_until_; }
  [[nodiscard]] std::chrono::nanoseconds paused_until() const { return paused_until_; }
  /// It decides no commands any more: what is under way ends.
  void retire();

  // Where partitions are shared out.
  /// Told what this node does for a partition, whenever that has changed; before start().
  void on_change(std::function<void(std::int32_t)> changed) { changed_ = std::move(changed); }
  void wish(std::int32_t partition, partition_wish wanted);
  void drop(std::int32_t partition);
  [[nodiscard]] partition_wish wished(std::int32_t partition) const {
    return wishes_[static_cast<std::size_t>(partition)];
  }
  [[nodiscard]] bool rests(std::int32_t partition) const { return commands_->rests({0, partition}); }

  void add(const std::shared_ptr<sim_stream>& opened) { streams_.push_back(opened); }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  [[nodiscard]] sim_log& log() { return log_; }
  [[nodiscard]] node_clock& clock() { return clock_; }
  [[nodiscard]] const foldlog::progress& progress() const { return progress_; }
  [[nodiscard]] const command_service& commands() const { return *commands_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::shared_ptr<node*> alive() const { return alive_; }

 private:
  class writer;
  void turn();
  void fold_soon(std::chrono::nanoseconds wait);
  void fold();
  [[nodiscard]] foldlog::alarm make_alarm();
  [[nodiscard]] command_service_options service_options();

  world& in_;
  std::string name_;
  disk& disk_;
  const domain_set& domains_;
  std::shared_ptr<node*> alive_;
  boost::asio::io_context context_{1};
  node_clock clock_;
  random_source random_;
  sim_log log_;
  foldlog::progress progress_;
  std::unique_ptr<runner> runner_;
  http::router routes_;
  std::unique_ptr<command_service> commands_;
  std::unique_ptr<command_context_of_routes> command_routes_;
  std::vector<std::weak_ptr<sim_stream>> streams_;
  std::function<void(std::int32_t)> changed_;
  std::vector<partition_wish> wishes_;
  std::chrono::nanoseconds paused_until_{};
  bool turn_due_ = false;
  bool fold_due_ = false;
};

}  // namespace foldlog::test
