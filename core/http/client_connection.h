#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "core/http/outgoing.h"

namespace foldlog::http {

/// One connection of a pool: connects, then serves one request after the other. While it has none it watches for the
/// server's end.
class client_connection : public std::enable_shared_from_this<client_connection> {
 public:
  /// Told by the connection: it is free again, it became a stream that nobody else uses, it is gone.
  struct owner {
    virtual ~owner() = default;
    virtual void free(client_connection& which) = 0;
    virtual void streams(client_connection& which) = 0;
    virtual void gone(client_connection& which) = 0;
  };

  client_connection(const boost::asio::any_io_executor& executor, std::weak_ptr<owner> of);

  void connect(const boost::asio::ip::tcp::endpoint& to, std::chrono::steady_clock::time_point until);
  /// On a free connection.
  void send(const std::string& host, const outgoing& request, std::chrono::steady_clock::time_point until,
            incoming_handler done);
  /// Ends what takes longer than it may.
  void tick(std::chrono::steady_clock::time_point now);
  void close(std::string_view why);
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  using parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  void read();
  void took(std::size_t bytes);
  bool feed(std::size_t bytes);
  void complete();
  void begin_stream();
  void pass_on();
  void finish(incoming outcome);
  void write();

  boost::asio::ip::tcp::socket socket_;
  std::weak_ptr<owner> owner_;
  std::array<char, 16384> buffer_;
  std::size_t held_ = 0;  ///< bytes at its beginning that the parser wants again, with more
  std::string out_;
  std::size_t sent_ = 0;
  std::optional<parser> parser_;
  incoming_handler done_;
  std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::time_point::max();
  std::shared_ptr<body_stream> stream_;
  bool streaming_ = false;
  bool connected_ = false;
  bool reading_ = false;
  bool keep_ = true;
  bool closed_ = false;
};

}  // namespace foldlog::http
