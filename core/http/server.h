#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/message.h"

namespace foldlog::http {

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;              ///< 0: the system chooses
  std::size_t request_line_bytes = 8192;  ///< without its CRLF
  std::size_t header_bytes = 16384;       ///< all fields, with their CRLFs
  std::size_t header_fields = 64;
  std::size_t body_bytes = 1U << 20;
  std::chrono::milliseconds head_timeout{10'000};  ///< from the first byte (or the accept) until the head is complete
  std::chrono::milliseconds idle_timeout{75'000};  ///< between two requests
  std::size_t connections = 10'000;
  std::size_t pipelined = 64;  ///< requests of one connection that are under way at once
  /// Told of every answer: for metrics. `route` is what the handler returned.
  std::function<void(std::string_view route, int status, std::chrono::nanoseconds took)> observe = {};
};

/// Answers a request through `answer`, now or later; gives the route's label for metrics. Called on the server's
/// executor.
using request_handler = std::function<std::string_view(const request&, responder answer)>;

/// HTTP/1.1 on one listener: parses, checks, limits, keeps order on a connection, renders. Knows no routes.
class server {
 public:
  virtual ~server() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Takes no new connections; lets requests under way end, closes idle connections and streams; `done` when all are
  /// gone or the time is up.
  virtual void stop(std::chrono::milliseconds within, std::function<void()> done) = 0;
};

/// Listens at once. Errors: conflict (the address is taken), invalid (no such address).
[[nodiscard]] result<std::unique_ptr<server>> start_server(boost::asio::any_io_executor on, server_options options,
                                                           request_handler handler);

}  // namespace foldlog::http
