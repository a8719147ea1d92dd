#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/simulation/node.h"
#include "test/simulation/sim_group.h"

namespace foldlog::test {

/// A request as a client sends it.
struct call {
  http::method method = http::method::get;
  std::string path;
  std::string query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The answer, and where the partitions ended when it left the node.
struct reply {
  int status = 0;
  std::string fields;
  std::string body;
  std::function<void(std::shared_ptr<http::body_stream>)> stream;
  std::vector<offset_t> ends;
  std::vector<bool> owned;  ///< by partition: the node was to own it when the request came
  node* from = nullptr;     ///< only to open a stream, and only while it is alive
  std::shared_ptr<node*> alive;

  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  /// What follows `/problems/` in the body's type; empty when it is no problem.
  [[nodiscard]] std::string problem() const;
};

/// Nothing: the connection ended before there was an answer.
using reply_handler = std::move_only_function<void(std::optional<reply>)>;

/// The nodes of a run and the network before them; nodes die and come back, each on its own disk.
class cluster {
 public:
  explicit cluster(world& in);

  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  /// How often the node was started: another number, another life.
  [[nodiscard]] std::uint64_t life(std::size_t slot) const { return slots_[slot].life; }
  [[nodiscard]] node* running(std::size_t slot) const { return slots_[slot].running.get(); }
  [[nodiscard]] disk& disk_of(std::size_t slot) { return *slots_[slot].kept; }

  void start_all();
  /// Sends it; the handler is called once.
  void send(std::size_t slot, call what, reply_handler done);

  // What may happen to a node.
  void crash(std::size_t slot);
  void start(std::size_t slot);
  void pause(std::size_t slot, std::chrono::nanoseconds time);
  /// Something may happen to some node now.
  void disturb();
  /// Everything is mended: dead nodes are started, paused ones go on, nothing fails any more.
  void heal();
  /// All but that one decide nothing any more, as when the group gives everything to it.
  void leave_only(std::size_t slot);
  [[nodiscard]] const sim_group& group() const { return group_; }

 private:
  struct slot {
    std::unique_ptr<disk> kept;
    std::unique_ptr<node> running;
    std::uint64_t life = 0;
    std::chrono::microseconds clock_off{};
  };
  struct exchange;
  void arrive(std::size_t slot, const std::shared_ptr<exchange>& about);
  void claim_of_nobody(std::int32_t partition);

  world& in_;
  std::vector<slot> slots_;
  sim_group group_;
};

}  // namespace foldlog::test
