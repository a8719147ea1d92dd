#pragma once

#include <functional>
#include <string>

#include "core/http/message.h"
#include "test/simulation/world.h"

namespace foldlog::test {

class node;

/// An event stream on its way from a node to a client that takes it at its own pace. Either end may go.
class sim_stream final : public http::body_stream, public std::enable_shared_from_this<sim_stream> {
 public:
  /// `taken`: what has arrived; `ended`: nothing will come any more.
  sim_stream(world& in, node& from, std::function<void(std::string)> taken, std::function<void()> ended);

  void write(std::string piece) override;
  [[nodiscard]] std::size_t waiting() const override { return untaken_.size(); }
  void on_drained(std::function<void()> handler) override;
  void on_closed(std::function<void()> handler) override;
  void end() override;

  /// The client leaves; some of what is under way is lost, perhaps in the middle of an event.
  void leave();
  /// The node is gone.
  void lose_node();

 private:
  void deliver_later();
  void deliver();
  void tell_end();

  world& in_;
  std::shared_ptr<node*> from_;
  std::function<void(std::string)> taken_;
  std::function<void()> ended_;
  std::function<void()> drained_;
  std::function<void()> closed_;
  std::string untaken_;
  bool due_ = false;
};

}  // namespace foldlog::test
