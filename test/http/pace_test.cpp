#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "keeper.h"
#include "running_server.h"

namespace foldlog::http {
namespace {

using namespace std::chrono_literals;

const std::string post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";

// Sends one byte after the other until the server has had enough; false when it never had.
bool cut_while_dripping(client& to, std::string_view byte) {
  for (int i = 0; i < 500; ++i) {
    std::this_thread::sleep_for(20ms);
    if (!to.send(byte)) return true;
  }
  return false;
}

TEST_CASE("a body that drips is given up, one that comes steadily is not, however long it takes") {
  const running_server running(tell, {.body_pace = {.grace = 300ms, .rate = 2000}});
  auto dripping = running.connect();
  send(dripping, post);
  CHECK(cut_while_dripping(dripping, "x"));

  auto steady = running.connect();
  send(steady, post);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(4ms);
    send(steady, "0123456789");
  }
  CHECK(std::chrono::steady_clock::now() - begin > 300ms);
  CHECK(receive(steady).body.size() == 1008);
}

TEST_CASE("a chunked body that drips is given up too") {
  const running_server running(tell, {.body_pace = {.grace = 200ms, .rate = 2000}});
  auto dripping = running.connect();
  send(dripping, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(cut_while_dripping(dripping, "1\r\nx\r\n"));
}

TEST_CASE("a client that waits for 100 Continue is not late while it must wait") {
  keeper kept;
  const running_server running(keeping(kept), {.body_pace = {.grace = 100ms, .rate = 2000}});
  auto connected = running.connect();
  send(connected,
       "GET /first HTTP/1.1\r\nHost: h\r\n\r\n"
       "POST /second HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  auto first = kept.take("/first");
  std::this_thread::sleep_for(400ms);
  first(plain("one"));
  CHECK(receive(connected).body == "one");
  CHECK(receive(connected).status == 100);
  send(connected, "x");
  kept.take("/second")(plain("two"));
  CHECK(receive(connected).body == "two");
}

TEST_CASE("empty lines before a request do not keep a connection") {
  const running_server running(tell, {.head_timeout = 200ms});
  auto fresh = running.connect();
  CHECK(cut_while_dripping(fresh, "\r\n"));
  auto used = running.connect();
  CHECK(used.request("GET", "/").has_value());
  CHECK(cut_while_dripping(used, "\r\n"));
}

TEST_CASE("a head that trickles is given up although its bytes keep coming") {
  const running_server running(tell, {.head_timeout = 200ms, .idle_timeout = 10s});
  auto connected = running.connect();
  CHECK(connected.request("GET", "/").has_value());
  send(connected, "GET / HTTP/1.1\r\n");
  CHECK(cut_while_dripping(connected, "X: y\r\n"));
}

TEST_CASE("a head that is late ends the connection when what was asked before is answered") {
  keeper kept;
  const running_server running(keeping(kept), {.head_timeout = 100ms});
  auto connected = running.connect();
  send(connected, "GET /first HTTP/1.1\r\nHost: h\r\n\r\nGET /second HTT");
  auto first = kept.take("/first");
  std::this_thread::sleep_for(400ms);
  first(plain("one"));
  CHECK(receive(connected).body == "one");
  CHECK(connected.closed_by_server());
}

TEST_CASE("a client that takes its answers too slowly is given up") {
  const std::string body(1U << 20, 'b');
  const running_server running(
      [&](const request&, responder answer) {
        answer(plain(body));
        return "";
      },
      {.answer_pace = {.grace = 300ms, .rate = 1U << 30}});
  auto slow = running.connect();
  std::string bytes;
  for (int i = 0; i < 60; ++i) bytes += "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  send(slow, bytes);
  std::this_thread::sleep_for(800ms);
  int taken = 0;
  while (slow.receive()) ++taken;
  CHECK(taken < 60);
}

TEST_CASE("a stream that its client does not take is given up, one that has nothing to say is not") {
  std::atomic<bool> left = false;
  std::shared_ptr<body_stream> quiet;
  const running_server running(
      [&](const request& asked, responder answer) -> std::string_view {
        auto given = plain("");
        if (asked.path == "/quiet") {
          given.stream = [&](std::shared_ptr<body_stream> to) { quiet = std::move(to); };
        } else {
          given.stream = [&](const std::shared_ptr<body_stream>& to) {
            to->on_closed([&] { left = true; });
            to->write(std::string(32U << 20, 's'));
          };
        }
        answer(std::move(given));
        return "";
      },
      {.idle_timeout = 200ms});
  auto listening = running.connect();
  send(listening, "GET /quiet HTTP/1.1\r\nHost: h\r\n\r\n");
  auto deaf = running.connect();
  send(deaf, "GET /loud HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int i = 0; i < 1000 && !left; ++i) std::this_thread::sleep_for(10ms);
  CHECK(left);
  std::this_thread::sleep_for(400ms);
  const_cast<running_server&>(running).on_loop([&] {
    quiet->write("still here");
    quiet->end();
    quiet.reset();
  });
  CHECK(receive(listening).body == "still here");
}

}  // namespace
}  // namespace foldlog::http
