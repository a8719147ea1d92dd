#include "bench/echo_server.h"

#include <fmt/core.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <utility>

namespace foldlog::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using token = asio::as_tuple_t<asio::use_awaitable_t<>>;
using tcp_stream = token::as_default_on_t<beast::tcp_stream>;
using acceptor = token::as_default_on_t<asio::ip::tcp::acceptor>;

asio::awaitable<void> serve_connection(tcp_stream stream) {
  beast::flat_buffer buffer;
  for (;;) {
    http::request<http::string_body> request;
    auto [read_error, read_count] = co_await http::async_read(stream, buffer, request);
    if (read_error) co_return;
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "application/json");
    response.keep_alive(request.keep_alive());
    response.body() = std::move(request.body());
    response.prepare_payload();
    auto [write_error, write_count] = co_await http::async_write(stream, response);
    if (write_error || !response.keep_alive()) co_return;
  }
}

asio::awaitable<void> accept_connections(acceptor listener) {
  for (;;) {
    auto [error, socket] = co_await listener.async_accept();
    if (error) co_return;
    socket.set_option(asio::ip::tcp::no_delay(true));
    asio::co_spawn(listener.get_executor(), serve_connection(tcp_stream(std::move(socket))), asio::detached);
  }
}

}  // namespace

int run_echo_server() {
  asio::io_context context(1);
  acceptor listener(context, {asio::ip::make_address("127.0.0.1"), 0});
  auto port = listener.local_endpoint().port();
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&context](auto, auto) { context.stop(); });
  asio::co_spawn(context, accept_connections(std::move(listener)), asio::detached);
  fmt::print("ready http=127.0.0.1:{} admin=- log=-\n", port);
  std::fflush(stdout);
  context.run();
  return 0;
}

}  // namespace foldlog::bench
