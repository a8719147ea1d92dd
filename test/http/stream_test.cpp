#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "running_server.h"

namespace foldlog::http {
namespace {

using namespace std::chrono_literals;

/// Streams through what the test gives it, on the loop.
request_handler streaming(std::function<void(std::shared_ptr<body_stream>)> with, std::string beginning = "first\n") {
  return [=](const request&, responder answer) {
    response given{.status = status::ok,
                   .content_type = "text/event-stream",
                   .fields = {},
                   .body = beginning,
                   .close = false,
                   .stream = with};
    answer(std::move(given));
    return "/stream";
  };
}

TEST_CASE("a streamed answer is sent in chunks as it is written and ends when it is ended") {
  std::shared_ptr<body_stream> stream;
  running_server running(streaming([&](auto given) { stream = std::move(given); }));
  auto connected = running.connect();
  const auto head = connected.open("GET", "/");
  REQUIRE(head.has_value());
  CHECK(head->header("Transfer-Encoding") == "chunked");
  CHECK_FALSE(head->header("Content-Length").has_value());
  CHECK(connected.read_line().value() == "first");
  for (int i = 0; i < 3; ++i) {
    running.on_loop([&] { stream->write("event " + std::to_string(i) + "\n"); });
    CHECK(connected.read_line().value() == "event " + std::to_string(i));
  }
  running.on_loop([&] {
    stream->write("");
    stream->write("last\n");
    stream->end();
    stream->write("after the end\n");
  });
  CHECK(connected.read_line().value() == "last");
  CHECK(connected.read_line().value() == std::nullopt);
  CHECK(connected.closed_by_server());
  running.on_loop([&] { stream.reset(); });
}

TEST_CASE("for HTTP/1.0 a streamed answer ends with the connection") {
  running_server running(streaming([](auto stream) {
    stream->write("second");
    stream->end();
  }));
  auto connected = running.connect();
  send(connected, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto answer = receive(connected);
  CHECK(answer.body == "first\nsecond");
  CHECK(answer.header("Connection") == "close");
  CHECK_FALSE(answer.header("Transfer-Encoding").has_value());
}

TEST_CASE("HEAD of a streamed answer has its head alone, and nothing is streamed") {
  std::atomic<bool> streamed = false;
  const running_server running(streaming([&](auto) { streamed = true; }));
  auto connected = running.connect();
  const auto head = connected.request("HEAD", "/");
  REQUIRE(head.has_value());
  CHECK(head->header("Transfer-Encoding") == "chunked");
  CHECK(connected.request("HEAD", "/").has_value());
  CHECK_FALSE(streamed);
}

TEST_CASE("a stream that fills whenever it is drained sends everything, in order, to a slow client") {
  constexpr int pieces = 2000;
  const std::string filler(5000, 'f');
  std::atomic<std::size_t> most_waiting = 0;
  const running_server running(streaming(
      [&](std::shared_ptr<body_stream> stream) {
        const auto next = std::make_shared<int>(0);
        const auto fill = [&, next, weak = std::weak_ptr(stream)] {
          const auto open = weak.lock();
          if (!open) return;
          while (*next < pieces && open->waiting() < 100'000) open->write(std::to_string((*next)++) + filler + "\n");
          most_waiting = std::max<std::size_t>(most_waiting, open->waiting());
          if (*next == pieces) open->end();
        };
        // The stream lives as long as its handlers do.
        stream->on_closed([stream] {});
        stream->on_drained(fill);
        fill();
      },
      ""));
  auto connected = running.connect();
  REQUIRE(connected.open("GET", "/").has_value());
  std::this_thread::sleep_for(200ms);
  for (int i = 0; i < pieces; ++i) {
    const auto line = connected.read_line();
    REQUIRE(line.has_value());
    REQUIRE(line->value() == std::to_string(i) + filler);
  }
  CHECK(connected.read_line().value() == std::nullopt);
  CHECK(most_waiting < 110'000);
}

TEST_CASE("a stream is told once that its client has left, and what is written afterwards is dropped") {
  std::shared_ptr<body_stream> stream;
  std::promise<void> left;
  std::atomic<int> told = 0;
  running_server running(streaming([&](auto given) {
    stream = given;
    given->on_closed([&] {
      if (++told == 1) left.set_value();
    });
  }));
  {
    auto connected = running.connect();
    REQUIRE(connected.open("GET", "/").has_value());
    CHECK(connected.read_line().value() == "first");
  }
  CHECK(left.get_future().wait_for(20s) == std::future_status::ready);
  running.on_loop([&] {
    stream->write("nobody");
    CHECK(stream->waiting() == 0);
    stream->end();
    stream.reset();
  });
  CHECK(told == 1);
}

TEST_CASE("stop ends streams: the stream is told, the client sees a whole answer") {
  std::promise<void> told;
  running_server running(streaming([&](auto stream) {
    stream->on_closed([&, stream] { told.set_value(); });
    stream->write("second\n");
  }));
  auto connected = running.connect();
  REQUIRE(connected.open("GET", "/").has_value());
  CHECK(connected.read_line().value() == "first");
  CHECK(connected.read_line().value() == "second");
  std::promise<void> stopped;
  running.server->stop(20s, [&] { stopped.set_value(); });
  CHECK(told.get_future().wait_for(20s) == std::future_status::ready);
  CHECK(connected.read_line().value() == std::nullopt);
  CHECK(connected.closed_by_server());
  CHECK(stopped.get_future().wait_for(20s) == std::future_status::ready);
}

}  // namespace
}  // namespace foldlog::http
