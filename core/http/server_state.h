#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/http/content_coder.h"
#include "core/http/mailbox.h"
#include "core/http/request_reader.h"
#include "core/http/server.h"

namespace foldlog::http {

class connection;

/// What the connections of a server share, and what they need of it. Used on the server's executor only.
class server_state : public std::enable_shared_from_this<server_state> {
 public:
  using ticks = std::uint64_t;

  explicit server_state(server_options chosen);
  virtual ~server_state() = default;

  /// The connection has something to do: it is pumped when the present turn ends, once.
  virtual void touch(connection& which) = 0;
  /// The connection is closed and gives up its place.
  virtual void forget(connection& which) = 0;

  /// Runs `work` as the server's own: answers that it gives are delivered at once, and what it touched is pumped.
  template <typename Work>
  void run(Work work) {
    const mailbox::running here(*box);
    work();
    pump_touched();
  }

  [[nodiscard]] ticks ticks_of(std::chrono::milliseconds time) const { return (time + interval - one) / interval + 1; }

  const server_options options;
  const request_limits limits;
  const std::chrono::milliseconds interval;  ///< of the one timer, and of the coarse clock
  request_handler handler;
  std::shared_ptr<mailbox> box;
  content_coder coder;
  std::string common;  ///< Server and Date
  ticks now = 1;       ///< coarse time
  bool stopping = false;
  random_source random = system_random();

 protected:
  virtual void pump_touched() = 0;

 private:
  static constexpr std::chrono::milliseconds one{1};
};

}  // namespace foldlog::http
