#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/http/pace.h"

namespace foldlog::http {

/// An answer that was given.
struct served {
  std::string_view route;  ///< what the handler returned; empty when it was not asked
  method asked;            ///< `other` also for what was no request
  int status;
  std::chrono::nanoseconds took;
  std::string_view client;  ///< its address
  std::size_t body_bytes;   ///< of the answer; of a stream: its beginning
};

/// Both in PEM; the certificate's file may go on with those of its issuers.
struct tls_files {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;              ///< 0: the system chooses
  std::size_t request_line_bytes = 8192;  ///< without its CRLF
  std::size_t header_bytes = 16384;       ///< all fields, with their CRLFs
  std::size_t header_fields = 64;
  std::size_t body_bytes = 1U << 20;
  std::chrono::milliseconds head_timeout{10'000};  ///< from the first byte (or the accept) until the head is complete
  std::chrono::milliseconds idle_timeout{75'000};  ///< between two requests; and without progress in a stream
  pace_limit body_pace{.grace = std::chrono::seconds(20), .rate = 4096};    ///< of a body that comes
  pace_limit answer_pace{.grace = std::chrono::seconds(30), .rate = 4096};  ///< of answers that go; not of streams
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 1000;  ///< an IPv6 address counts as its first 64 bits
  std::size_t pipelined = 64;                  ///< requests of one connection that are under way at once
  std::size_t gzip_bytes = 4096;               ///< JSON from this size on is compressed for those who take it; 0: never
  std::optional<tls_files> tls = {};           ///< none: plain HTTP
  /// Told of every answer: for metrics and the access log.
  std::function<void(const served&)> observe = {};
};

/// Answers a request through `answer`, now or later; gives the route's label for metrics. Called on the server's
/// executor.
using request_handler = std::function<std::string_view(const request&, responder answer)>;

/// HTTP/1.1 on one listener, plain or in TLS 1.3: parses, checks, limits, keeps order on a connection, renders. Knows
/// no routes.
class server {
 public:
  virtual ~server() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Requests that wait for their answers, of clients that are still there; streams that have begun are none. Asked on
  /// the server's executor.
  [[nodiscard]] virtual std::size_t under_way() const = 0;
  /// Takes no new connections; lets requests under way end, closes idle connections and streams; `done` when all are
  /// gone or the time is up.
  virtual void stop(std::chrono::milliseconds within, std::function<void()> done) = 0;
  /// Reads the TLS files again, for the connections that come from now on; on an error all stays as it was. Called on
  /// the server's executor.
  [[nodiscard]] virtual result<void> reload_tls() = 0;
};

/// Listens at once. Errors: conflict (the address is taken), invalid (no such address, a bad certificate or key).
[[nodiscard]] result<std::unique_ptr<server>> start_server(boost::asio::any_io_executor on, server_options options,
                                                           request_handler handler);

}  // namespace foldlog::http
