#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace foldlog::http {

enum class method : std::uint8_t { get, head, post, options, put, patch, delete_, query, connect, trace, other };
[[nodiscard]] std::string_view name(method of);

struct header_field {
  std::string_view name;   ///< as sent; compare without regard to case
  std::string_view value;  ///< without the white space around it
};

/// A request that passed the checks of the HTTP edge. All views: they live while the handler runs (until it returns).
struct request {
  http::method method = method::get;
  std::string_view method_text;
  std::string_view path;   ///< as sent, percent-encoded, without the query
  std::string_view query;  ///< what follows '?', as sent
  std::span<const header_field> headers;
  std::string_view body;

  /// The only field of that name; nothing when there is none. Several fields of one name: the first (see `count`).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// An answer that is sent in pieces for as long as the client stays (server-sent events). Used on the connection's
/// executor only.
class body_stream {
 public:
  virtual ~body_stream() = default;
  /// Sends it after what was given before; after the client left it is dropped.
  virtual void write(std::string piece) = 0;
  /// Bytes that the client has not taken yet: give no more while this is large.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  /// Called each time when everything given has been sent.
  virtual void on_drained(std::function<void()> handler) = 0;
  /// Called once when the client has left or the server stops.
  virtual void on_closed(std::function<void()> handler) = 0;
  /// Ends the answer and closes the connection.
  virtual void end() = 0;
};

struct response {
  int status = 0;                 ///< from http::status or the problem table
  std::string_view content_type;  ///< a constant; empty: no body
  std::string fields;             ///< further header lines, each `Name: value\r\n` (see `add`)
  std::string body;               ///< for HEAD give it all the same: its length is told, its bytes are not sent
  bool close = false;             ///< close the connection after this answer
  /// When set, `body` is only the beginning, and the handler goes on through this.
  std::function<void(std::shared_ptr<body_stream>)> stream;

  void add(std::string_view name, std::string_view value);
};

/// Answers a request: called exactly once, from any thread. When it is destroyed uncalled the client gets a 500.
using responder = std::move_only_function<void(response)>;

}  // namespace foldlog::http
