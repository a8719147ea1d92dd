#pragma once

#include <doctest/doctest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "core/http/client.h"
#include "core/http/problem.h"
#include "core/http/server.h"

namespace foldlog::http {

/// An answer of 200 with that text.
inline response plain(std::string body) {
  return {.status = status::ok,
          .content_type = "text/plain",
          .fields = {},
          .body = std::move(body),
          .close = false,
          .stream = {}};
}

/// Tells what it was asked: method, path, query, body.
inline std::string_view tell(const request& asked, responder answer) {
  std::string text(asked.method_text);
  text.append(" ").append(asked.path).append(" ").append(asked.query).append(" ").append(asked.body);
  answer(plain(std::move(text)));
  return "/told";
}

/// A real server on a loopback port with a loop of its own.
class running_server {
 public:
  explicit running_server(request_handler handler = tell, server_options options = {}) : guard_(loop.get_executor()) {
    options.port = 0;
    auto started = start_server(loop.get_executor(), std::move(options), std::move(handler));
    REQUIRE(started.has_value());
    server = std::move(*started);
    thread_ = std::thread([this] { loop.run(); });
  }
  ~running_server() {
    server.reset();
    guard_.reset();
    thread_.join();
  }

  [[nodiscard]] client connect() const {
    auto connected = client::connect("127.0.0.1", server->port(), std::chrono::seconds(20));
    REQUIRE(connected.has_value());
    return std::move(*connected);
  }
  /// Runs it on the loop's thread and waits for it.
  template <typename Work>
  void on_loop(Work work) {
    std::promise<void> ended;
    boost::asio::post(loop, [&] {
      work();
      ended.set_value();
    });
    ended.get_future().get();
  }

  boost::asio::io_context loop{1};
  std::unique_ptr<http::server> server;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

inline client_response receive(client& from, bool to_head = false) {
  auto answer = from.receive(to_head);
  REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().text));
  return std::move(*answer);
}

inline void send(client& to, std::string_view bytes) { REQUIRE(to.send(bytes).has_value()); }

}  // namespace foldlog::http
