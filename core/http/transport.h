#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "core/http/outbox.h"
#include "core/http/read_buffer.h"
#include "core/http/tls_session.h"

namespace foldlog::http {

/// What carries the bytes of a connection: a socket that does not block, with TLS on it or not.
class transport {
 public:
  transport(boost::asio::ip::tcp::socket socket, std::unique_ptr<tls_session> tls)
      : socket_(std::move(socket)), tls_(std::move(tls)) {}

  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }

  /// Where the next bytes of the socket go.
  [[nodiscard]] boost::asio::mutable_buffer room(read_buffer& input) { return tls_ ? tls_->room() : input.prepare(); }
  /// So many of them came; what they mean is added to the input.
  tls_session::outcome take(std::size_t bytes, read_buffer& input) {
    if (tls_) return tls_->take(bytes, input);
    input.commit(bytes);
    return tls_session::outcome::open;
  }

  /// Something waits to be sent.
  [[nodiscard]] bool has_output(const outbox& from) const { return !from.empty() || (tls_ && !tls_->output().empty()); }
  /// Sends what the socket takes at once; gives the number of bytes.
  std::size_t send(outbox& from, boost::system::error_code& error) {
    if (tls_) return send_encrypted(from, error);
    const auto pieces = from.front();
    const auto sent = from.single() ? socket_.write_some(boost::asio::const_buffer(pieces[0]), error)
                                    : socket_.write_some(pieces, error);
    if (!error) from.drop(sent);
    return sent;
  }
  /// The last answer was put into the outbox: what TLS says at the end goes behind it.
  void end() {
    if (tls_) tls_->end();
  }
  void shut_down_sending() {
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  }
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  std::size_t send_encrypted(outbox& from, boost::system::error_code& error) {
    if (tls_->output().empty()) {
      const auto piece = from.front()[0];
      const auto bytes = std::min(piece.size(), at_once);
      tls_->put({static_cast<const char*>(piece.data()), bytes});
      from.drop(bytes);
    }
    const auto waiting = tls_->output();
    const auto sent = socket_.write_some(boost::asio::buffer(waiting.data(), waiting.size()), error);
    if (!error) tls_->sent(sent);
    return sent;
  }

  static constexpr std::size_t at_once = 1U << 16;  // encrypted before the socket has taken what was before it

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<tls_session> tls_;  // none: plain
};

}  // namespace foldlog::http
