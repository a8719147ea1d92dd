#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "core/http/outgoing.h"

namespace foldlog::http {

struct connection_pool_options {
  std::size_t connections = 32;                     ///< at once to this server; streams do not count
  std::size_t waiting = 1024;                       ///< requests that wait for one; beyond it: not sent
  std::chrono::milliseconds connect_timeout{1000};  ///< then it counts as unreachable
};

/// Asynchronous HTTP/1.1 to one server: keeps connections open between requests, one request at a time on each, bounded
/// in number, so that a slow server takes no more than its share (a bulkhead). Used on its executor only; nothing in it
/// blocks.
class connection_pool {
 public:
  connection_pool(boost::asio::any_io_executor executor, std::string host, std::uint16_t port,
                  connection_pool_options options);
  ~connection_pool();
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;

  void send(outgoing request, incoming_handler done);
  /// Sent or waiting, and not answered yet; with the streams that are open.
  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  class state;
  std::shared_ptr<state> state_;
};

}  // namespace foldlog::http
