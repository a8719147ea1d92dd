#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "keeper.h"
#include "running_server.h"

namespace foldlog::http {
namespace {

using namespace std::chrono_literals;

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

TEST_CASE("an answer has the head that API.md and RFC 9110 ask for") {
  const running_server running([](const request&, responder answer) {
    auto given = plain("hello");
    given.add("ETag", "\"4\"");
    answer(std::move(given));
    return "/x";
  });
  auto connected = running.connect();
  const auto answer = connected.request("GET", "/");
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
  CHECK(answer->body == "hello");
  CHECK(answer->header("content-length") == "5");
  CHECK(answer->header("Content-Type") == "text/plain");
  CHECK(answer->header("Server") == "foldlog");
  CHECK(answer->header("ETag") == "\"4\"");
  CHECK(answer->header("Date")->ends_with(" GMT"));
  CHECK(answer->header("Date")->size() == 29);
  CHECK_FALSE(answer->header("Connection").has_value());

  const auto head = connected.request("HEAD", "/");
  REQUIRE(head.has_value());
  CHECK(head->body.empty());
  auto got = answer->headers;
  auto told = head->headers;
  std::erase_if(got, [](const auto& each) { return each.first == "Date"; });
  std::erase_if(told, [](const auto& each) { return each.first == "Date"; });
  CHECK(got == told);
  CHECK(connected.request("GET", "/")->body == "hello");
}

TEST_CASE("204 and 304 have neither a body nor a length") {
  const running_server running([](const request& asked, responder answer) {
    auto given = plain("dropped");
    given.status = asked.path == "/none" ? status::no_content : status::not_modified;
    answer(std::move(given));
    return "";
  });
  auto connected = running.connect();
  for (const auto& [path, status] : {std::pair("/none", 204), std::pair("/same", 304)}) {
    const auto answer = connected.request("GET", path);
    REQUIRE(answer.has_value());
    CHECK(answer->status == status);
    CHECK_FALSE(answer->header("Content-Length").has_value());
  }
}

TEST_CASE("the connection stays or closes as the version and the Connection field say") {
  const running_server running;
  struct row {
    std::string_view version;
    std::string_view field;
    bool stays;
    std::string_view told;
  };
  for (const auto& row : {row{"1.1", "", true, ""}, row{"1.1", "Connection: close\r\n", false, "close"},
                          row{"1.1", "Connection: x, CLOSE\r\n", false, "close"}, row{"1.0", "", false, "close"},
                          row{"1.0", "Connection: keep-alive\r\n", true, "keep-alive"}}) {
    CAPTURE(row.version);
    CAPTURE(row.field);
    auto connected = running.connect();
    send(connected, "GET /a HTTP/" + std::string(row.version) + "\r\nHost: h\r\n" + std::string(row.field) + "\r\n");
    const auto answer = receive(connected);
    CHECK(answer.body == "GET /a  ");
    CHECK(answer.header("Connection").value_or("") == row.told);
    if (row.stays)
      CHECK(connected.request("GET", "/b")->body == "GET /b  ");
    else
      CHECK(connected.closed_by_server());
  }
}

TEST_CASE("100 Continue comes when the body is wanted, and not when it is there, refused or empty") {
  const running_server running;
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n";
  {
    auto connected = running.connect();
    send(connected, head + "Content-Length: 2\r\n\r\n");
    CHECK(receive(connected).status == 100);
    send(connected, "ok");
    CHECK(receive(connected).body == "POST /  ok");
    send(connected, head + "Transfer-Encoding: chunked\r\n\r\n");
    CHECK(receive(connected).status == 100);
    send(connected, "2\r\nok\r\n0\r\n\r\n");
    CHECK(receive(connected).body == "POST /  ok");
    send(connected, head + "Content-Length: 2\r\n\r\nok");
    CHECK(receive(connected).body == "POST /  ok");
    send(connected, head + "\r\n");
    CHECK(receive(connected).body == "POST /  ");
    send(connected, head + "Content-Length: 2000000\r\n\r\n");
    CHECK(receive(connected).status == 413);
  }
}

TEST_CASE("100 Continue waits until the requests before it are answered") {
  keeper kept;
  const running_server running(keeping(kept));
  auto connected = running.connect();
  send(connected,
       get("/first") + "POST /second HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  kept.take("/first")(plain("one"));
  CHECK(receive(connected).body == "one");
  CHECK(receive(connected).status == 100);
  send(connected, "x");
  kept.take("/second")(plain("two"));
  CHECK(receive(connected).body == "two");
}

TEST_CASE("pipelined requests run at the same time and are answered in their order, from any thread") {
  keeper kept;
  const running_server running(keeping(kept));
  auto connected = running.connect();
  std::string bytes;
  for (int i = 0; i < 10; ++i) bytes += get("/" + std::to_string(i));
  send(connected, bytes);
  kept.wait_for(10);
  std::vector<std::thread> threads;
  for (int i = 9; i >= 0; --i) {
    threads.emplace_back([&, i] { kept.take("/" + std::to_string(i))(plain("answer " + std::to_string(i))); });
  }
  for (auto& each : threads) each.join();
  for (int i = 0; i < 10; ++i) CHECK(receive(connected).body == "answer " + std::to_string(i));
}

TEST_CASE("no more than the set number of pipelined requests is under way, and all are answered") {
  keeper kept;
  running_server running(keeping(kept), {.pipelined = 4});
  auto connected = running.connect();
  std::string bytes;
  for (int i = 0; i < 9; ++i) bytes += get("/" + std::to_string(i));
  send(connected, bytes);
  kept.wait_for(4);
  std::this_thread::sleep_for(30ms);
  CHECK(kept.size() == 4);
  for (int i = 0; i < 9; ++i) {
    kept.take("/" + std::to_string(i))(plain(std::to_string(i)));
    CHECK(receive(connected).body == std::to_string(i));
    CHECK(kept.size() <= 4);
  }
}

TEST_CASE("thousands of pipelined requests in one go are answered in order") {
  const running_server running;
  auto connected = running.connect();
  std::string bytes;
  for (int i = 0; i < 5000; ++i) {
    bytes += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
  }
  std::thread sender([&] { send(connected, bytes); });
  for (int i = 0; i < 5000; ++i) REQUIRE(receive(connected).body == "POST /" + std::to_string(i) + "  body");
  sender.join();
}

TEST_CASE("a large body comes back whole, also behind small answers") {
  const running_server running;
  auto connected = running.connect();
  const std::string large(1U << 20, 'z');
  for (int round = 0; round < 3; ++round) {
    REQUIRE(connected.request("POST", "/small", {}, "s")->body == "POST /small  s");
    const auto answer = connected.request("POST", "/large", {}, large);
    REQUIRE(answer.has_value());
    CHECK(answer->body == "POST /large  " + large);
  }
}

TEST_CASE("a client that takes nothing holds nothing that others need, and gets everything in the end") {
  const std::string body(100'000, 'b');
  std::atomic<int> handled = 0;
  const running_server running([&](const request&, responder answer) {
    ++handled;
    answer(plain(body));
    return "";
  });
  auto slow = running.connect();
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += get("/");
  std::thread sender([&] { send(slow, bytes); });
  auto quick = running.connect();
  // Until nothing more is handled for the slow one; each round has one request of the quick one.
  for (int before = -1; before + 1 != handled;) {
    before = handled;
    std::this_thread::sleep_for(100ms);
    CHECK(quick.request("GET", "/")->body.size() == body.size());
  }
  CHECK(handled < 500);  // 100 MB are not made: the output that waits is bounded
  for (int i = 0; i < 1000; ++i) REQUIRE(receive(slow).body.size() == body.size());
  sender.join();
}

TEST_CASE("a half-closed client still gets its answers") {
  keeper kept;
  const running_server running(keeping(kept));
  auto connected = running.connect();
  send(connected, get("/a") + get("/b") + "GET /cut");
  connected.shut_down_sending();
  auto second = kept.take("/b");
  kept.take("/a")(plain("one"));
  CHECK(receive(connected).body == "one");
  second(plain("two"));
  CHECK(receive(connected).body == "two");
  CHECK(connected.closed_by_server());
}

TEST_CASE(
    "a handler that throws or drops its responder gives a 500 that names an instance, and nothing of the inside") {
  keeper kept;
  const running_server running([&](const request& asked, responder answer) -> std::string_view {
    if (asked.path == "/throw") throw std::runtime_error("secret");
    return asked.path == "/later" ? kept(asked, std::move(answer)) : "/x";
  });
  auto connected = running.connect();
  for (const auto* path : {"/throw", "/drop"}) {
    const auto answer = connected.request("GET", path);
    REQUIRE(answer.has_value());
    CHECK(answer->status == 500);
    CHECK(answer->body.contains("/problems/internal"));
    CHECK(answer->body.contains("\"instance\":\""));
    CHECK_FALSE(answer->body.contains("secret"));
  }
  send(connected, get("/later"));
  {
    const auto dropped = kept.take("/later");
  }
  CHECK(receive(connected).status == 500);
}

TEST_CASE("an answer that asks for it closes the connection, and the requests behind it are dropped") {
  std::atomic<int> handled = 0;
  const running_server running([&](const request&, responder answer) {
    auto given = plain("bye");
    given.close = ++handled == 1;
    answer(std::move(given));
    return "";
  });
  auto connected = running.connect();
  send(connected, get("/a") + get("/b"));
  const auto answer = receive(connected);
  CHECK(answer.header("Connection") == "close");
  CHECK(connected.closed_by_server());
  CHECK(handled == 1);
}

TEST_CASE(
    "a responder may outlive its client and the server, and never answers the connection that came after its own") {
  keeper kept;
  std::vector<responder> late;
  {
    // With one place the next connection takes over the first one's, and its requests have the same numbers.
    running_server running(
        [&](const request& asked, responder answer) {
          return asked.path == "/probe" ? tell(asked, std::move(answer)) : kept(asked, std::move(answer));
        },
        {.connections = 1});
    {
      auto gone = running.connect();
      send(gone, get("/probe") + get("/gone"));
      late.push_back(kept.take("/gone"));
      running.on_loop([] {});  // the probe's answer is sent: closing without reading it resets the connection
    }
    auto next = running.connect();
    auto probe = next.request("GET", "/probe");
    for (int i = 0; i < 1000 && (!probe || probe->status != status::ok); ++i) {
      std::this_thread::sleep_for(5ms);
      next = running.connect();
      probe = next.request("GET", "/probe");
    }
    REQUIRE(probe.has_value());
    REQUIRE(probe->status == status::ok);
    send(next, get("/next"));
    auto mine = kept.take("/next");
    late.front()(plain("for another"));
    late.clear();
    mine(plain("mine"));
    CHECK(receive(next).body == "mine");
    send(next, get("/left") + get("/dropped"));
    late.push_back(kept.take("/left"));
    late.push_back(kept.take("/dropped"));
  }
  late.front()(plain("nobody"));
}

TEST_CASE("every answer is observed with its route, its status and its time") {
  std::mutex mutex;
  std::vector<std::string> seen;
  server_options options;
  options.observe = [&](const served& one) {
    const std::scoped_lock lock(mutex);
    seen.push_back(std::string(name(one.asked)) + " " + std::string(one.route) + " " + std::to_string(one.status) +
                   " " + std::string(one.client) + " " + std::to_string(one.body_bytes) +
                   (one.took >= 0ns ? "" : " negative"));
  };
  {
    keeper kept;
    const running_server running(
        [&](const request& asked, responder answer) {
          return asked.path == "/now" ? tell(asked, std::move(answer)) : kept(asked, std::move(answer));
        },
        options);
    auto connected = running.connect();
    CHECK(connected.request("GET", "/now").has_value());
    send(connected, get("/later"));
    kept.take("/later")(plain("x"));
    receive(connected);
    send(connected, "nonsense\r\n\r\n");
    receive(connected);
  }
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == "GET /told 200 127.0.0.1 10");
  CHECK(seen[1] == "GET /kept 200 127.0.0.1 1");
  CHECK(seen[2].starts_with("  400 127.0.0.1 "));
}

TEST_CASE("requests under way are those whose clients wait") {
  keeper kept;
  running_server running(keeping(kept));
  const auto becomes = [&](std::size_t wanted) {
    for (int n = 0; n < 10'000; ++n) {
      std::size_t now = 0;
      running.on_loop([&] { now = running.server->under_way(); });
      if (now == wanted) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  };
  CHECK(becomes(0));
  auto stays = running.connect();
  send(stays, get("/1") + get("/2"));
  boost::asio::ip::tcp::socket leaves(running.loop);
  leaves.connect({boost::asio::ip::address_v4::loopback(), running.server->port()});
  write(leaves, boost::asio::buffer(get("/3")));
  kept.wait_for(3);
  CHECK(becomes(3));
  leaves.set_option(boost::asio::socket_base::linger(true, 0));  // a reset: nothing tells more clearly that it is gone
  leaves.close();
  CHECK(becomes(2));
  kept.take("/2")(plain("2"));  // in its turn, after the first
  CHECK(becomes(2));
  kept.take("/1")(plain("1"));
  receive(stays);
  receive(stays);
  CHECK(becomes(0));
  kept.take("/3")(plain("3"));
  CHECK(becomes(0));
}

TEST_CASE("an address that is taken is a conflict, and one that is none is invalid") {
  running_server running;
  server_options options;
  options.port = running.server->port();
  const auto taken = start_server(running.loop.get_executor(), options, tell);
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().kind == error_kind::conflict);
  options.address = "nowhere";
  const auto invalid = start_server(running.loop.get_executor(), options, tell);
  REQUIRE_FALSE(invalid.has_value());
  CHECK(invalid.error().kind == error_kind::invalid);
}

}  // namespace
}  // namespace foldlog::http
