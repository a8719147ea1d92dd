#include "core/http/connection_pool.h"

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <thread>

#include "running_server.h"

namespace foldlog::http {
namespace {

using namespace std::chrono_literals;

// A pool with a loop of its own, and what its requests became.
struct pool_rig {
  explicit pool_rig(std::uint16_t port, connection_pool_options options = {})
      : pool(loop.get_executor(), "127.0.0.1", port, options) {}

  std::size_t send(std::string body, std::chrono::milliseconds timeout = 5s, method of = method::post) {
    const auto number = ended.size();
    ended.emplace_back();
    pool.send({.method = of,
               .target = "/path?a=1",
               .fields = "X-Asked: yes\r\n",
               .body = std::move(body),
               .timeout = timeout},
              [this, number](incoming outcome) { ended[number] = std::move(outcome); });
    return number;
  }
  bool until(const std::function<bool()>& question) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!question()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.restart();
      loop.run_for(5ms);
    }
    return true;
  }
  incoming& wait(std::size_t number) {
    REQUIRE(until([&] { return ended[number].has_value(); }));
    return *ended[number];
  }

  boost::asio::io_context loop{1};
  std::vector<std::optional<incoming>> ended;
  connection_pool pool;
};

TEST_CASE("a request is answered, and the connection is used again") {
  running_server server;
  pool_rig rig(server.server->port());
  for (int n = 0; n < 3; ++n) {
    const auto& outcome = rig.wait(rig.send("hello"));
    CHECK(outcome.status == exchange_status::answered);
    CHECK(outcome.answer.status == status::ok);
    CHECK(outcome.answer.body == "POST /path a=1 hello");
    CHECK(outcome.answer.content_type == "text/plain");
    CHECK(outcome.answer.fields.find("Content-Length") == std::string::npos);
  }
  CHECK(rig.pool.connections() == 1);
  CHECK(rig.pool.in_flight() == 0);
}

TEST_CASE("never more connections than allowed; what waits is sent when one is free") {
  running_server server;
  pool_rig rig(server.server->port(), {.connections = 2});
  for (int n = 0; n < 50; ++n) rig.send(std::to_string(n));
  CHECK(rig.pool.in_flight() == 50);
  for (std::size_t n = 0; n < 50; ++n) CHECK(rig.wait(n).answer.body == "POST /path a=1 " + std::to_string(n));
  CHECK(rig.pool.connections() == 2);
}

TEST_CASE("too many that wait are told so at once, and certainly not sent") {
  running_server server;
  pool_rig rig(server.server->port(), {.connections = 1, .waiting = 2});
  for (int n = 0; n < 3; ++n) rig.send("x");
  CHECK_FALSE(rig.ended[2].has_value());  // never from within the call
  CHECK(rig.wait(2).status == exchange_status::not_sent);
  CHECK(rig.wait(0).status == exchange_status::answered);
  CHECK(rig.wait(1).status == exchange_status::answered);
}

TEST_CASE("nobody listens: not sent") {
  std::uint16_t port = 0;
  {
    running_server server;
    port = server.server->port();
  }
  pool_rig rig(port);
  CHECK(rig.wait(rig.send("x")).status == exchange_status::not_sent);
  CHECK(rig.pool.in_flight() == 0);
}

TEST_CASE("an answer that does not come in time leaves a doubt, and the connection is not used again") {
  std::vector<responder> kept;
  running_server server([&](const request&, responder answer) -> std::string_view {
    kept.push_back(std::move(answer));
    return "/";
  });
  pool_rig rig(server.server->port());
  CHECK(rig.wait(rig.send("x", 100ms)).status == exchange_status::broken);
  CHECK(rig.pool.connections() == 0);
  server.on_loop([&] { kept.clear(); });
}

TEST_CASE("a server that goes away in the middle leaves a doubt; on an idle connection it does no harm") {
  std::optional<pool_rig> rig;
  {
    running_server server([](const request& of, responder answer) -> std::string_view {
      auto said = plain("bye");
      said.close = of.body == "close";
      answer(std::move(said));
      return "/";
    });
    rig.emplace(server.server->port());
    CHECK(rig->wait(rig->send("x")).status == exchange_status::answered);
    CHECK(rig->wait(rig->send("close")).status == exchange_status::answered);
    REQUIRE(rig->until([&] { return rig->pool.connections() == 0; }));
    CHECK(rig->wait(rig->send("x")).status == exchange_status::answered);
    CHECK(rig->pool.connections() == 1);
  }
  CHECK(rig->until([&] { return rig->pool.connections() == 0; }));  // it saw the server go
}

// Takes one request, says this much, and ends the connection in good order.
struct short_server {
  explicit short_server(std::string says) : thread([this, says = std::move(says)] { serve(says); }) {}
  ~short_server() { thread.join(); }
  void serve(const std::string& says) {
    auto socket = acceptor.accept();
    std::string request(4096, ' ');
    socket.read_some(boost::asio::buffer(request));
    boost::asio::write(socket, boost::asio::buffer(says));
  }
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor acceptor{loop, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread;
};

TEST_CASE("a connection that ends before the answer is whole leaves a doubt, and is never an answer") {
  for (const auto* says :
       {"", "HTTP", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) {
    CAPTURE(says);
    short_server server(says);
    pool_rig rig(server.acceptor.local_endpoint().port());
    CHECK(rig.wait(rig.send("x")).status == exchange_status::broken);
  }
  short_server server("HTTP/1.0 200 OK\r\n\r\nwhole with the connection's end");
  pool_rig rig(server.acceptor.local_endpoint().port());
  const auto& outcome = rig.wait(rig.send("x"));
  CHECK(outcome.status == exchange_status::answered);
  CHECK(outcome.answer.body == "whole with the connection's end");
}

TEST_CASE("a large answer comes whole") {
  running_server server([](const request&, responder answer) -> std::string_view {
    answer(plain(std::string(3'000'000, 'x')));
    return "/";
  });
  pool_rig rig(server.server->port());
  CHECK(rig.wait(rig.send("x")).answer.body == std::string(3'000'000, 'x'));
}

TEST_CASE("a large request goes whole") {
  running_server server;
  pool_rig rig(server.server->port());
  CHECK(rig.wait(rig.send(std::string(900'000, 'y'))).answer.body.size() == 15 + 900'000);
}

// Takes what a stream passes on.
struct stream_end final : body_stream {
  void write(std::string piece) override { text += piece; }
  [[nodiscard]] std::size_t waiting() const override { return full ? 1U << 20 : 0; }
  void on_drained(std::function<void()> handler) override { drained = std::move(handler); }
  void on_closed(std::function<void()> handler) override { closed = std::move(handler); }
  void end() override { ended = true; }
  std::string text;
  bool full = false;
  bool ended = false;
  std::function<void()> drained, closed;
};

TEST_CASE("server-sent events pass through as they come, no faster than they are taken, until one side leaves") {
  std::shared_ptr<body_stream> out;
  bool left = false;
  running_server server([&](const request&, responder answer) -> std::string_view {
    response streamed{.status = status::ok,
                      .content_type = "text/event-stream",
                      .fields = {},
                      .body = {},
                      .close = false,
                      .stream = {}};
    streamed.stream = [&](std::shared_ptr<body_stream> to) {
      if (out) return to->end();  // only the first goes on
      out = std::move(to);
      out->on_closed([&] { left = true; });
      out->write("one\n");
    };
    answer(std::move(streamed));
    return "/";
  });
  pool_rig rig(server.server->port(), {.connections = 1});
  auto& outcome = rig.wait(rig.send({}, 5s, method::get));
  REQUIRE(outcome.status == exchange_status::answered);
  REQUIRE(outcome.answer.stream);
  CHECK(rig.pool.in_flight() == 1);
  const auto in = std::make_shared<stream_end>();
  std::exchange(outcome.answer.stream, nullptr)(in);
  CHECK(rig.until([&] { return in->text == "one\n"; }));
  server.on_loop([&] { out->write("two\n"); });
  CHECK(rig.until([&] { return in->text == "one\ntwo\n"; }));
  const auto beside = rig.send("y", 300ms, method::get);  // a stream does not take the only connection
  rig.until([&] { return rig.ended[beside].has_value(); });
  CHECK(rig.ended[beside]->status == exchange_status::answered);
  in->full = true;
  server.on_loop([&] {
    for (int n = 0; n < 64; ++n) out->write(std::string(1'000'000, 'z'));
  });
  rig.loop.restart();
  rig.loop.run_for(300ms);
  CHECK(in->text.size() < 2'000'000);
  in->full = false;
  in->drained();
  CHECK(rig.until([&] { return in->text.size() > 60'000'000; }));
  CAPTURE(in->text.size());
  CHECK_FALSE(in->ended);
  in->closed();
  bool gone = false;
  CHECK(rig.until([&] {
    server.on_loop([&] { gone = left; });
    return gone;
  }));
  server.on_loop([&] { out.reset(); });
}

TEST_CASE("a stream that nobody takes ends its connection") {
  bool left = false;
  std::shared_ptr<body_stream> out;
  running_server server([&](const request&, responder answer) -> std::string_view {
    response streamed{.status = status::ok,
                      .content_type = "text/event-stream",
                      .fields = {},
                      .body = {},
                      .close = false,
                      .stream = {}};
    streamed.stream = [&](std::shared_ptr<body_stream> to) {
      out = std::move(to);
      out->on_closed([&] { left = true; });
      out->write("one\n");
    };
    answer(std::move(streamed));
    return "/";
  });
  pool_rig rig(server.server->port());
  rig.wait(rig.send({}, 5s, method::get)).answer.stream = nullptr;
  bool gone = false;
  CHECK(rig.until([&] {
    server.on_loop([&] { gone = left; });
    return gone;
  }));
  CHECK(rig.pool.in_flight() == 0);
  server.on_loop([&] { out.reset(); });
}

}  // namespace
}  // namespace foldlog::http
