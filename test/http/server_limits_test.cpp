#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "keeper.h"
#include "running_server.h"

namespace foldlog::http {
namespace {

using namespace std::chrono_literals;

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

// Two connections are served, the third is refused with that status, and there is room when one has gone.
void check_third_is_refused(const running_server& running, int refusal) {
  auto first = running.connect();
  CHECK(first.request("GET", "/").has_value());
  {
    auto second = running.connect();
    CHECK(second.request("GET", "/").has_value());
    auto third = running.connect();
    const auto answer = receive(third);
    CHECK(answer.status == refusal);
    CHECK(answer.header("Retry-After").has_value());
    CHECK(third.closed_by_server());
  }
  int status = 0;
  for (int i = 0; i < 1000 && status != 200; ++i) {
    auto next = running.connect();
    const auto answer = next.request("GET", "/");
    status = answer ? answer->status : 0;
  }
  CHECK(status == 200);
}

TEST_CASE("a head that does not come is given up, and so is an idle connection") {
  const running_server running(tell, {.head_timeout = 200ms, .idle_timeout = 600ms});
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::steady_clock::now() - begin; };
  auto silent = running.connect();
  auto partial = running.connect();
  auto idle = running.connect();
  send(partial, "GET / HTTP/1.1\r\n");
  CHECK(idle.request("GET", "/").has_value());
  CHECK(silent.closed_by_server());
  CHECK(partial.closed_by_server());
  CHECK(passed() >= 200ms);
  CHECK(idle.request("GET", "/").has_value());
  send(idle, "GET / HTTP/1.1\r\nHost");
  CHECK(idle.closed_by_server());
  auto waits = running.connect();
  CHECK(waits.request("GET", "/").has_value());
  const auto answered = passed();
  CHECK(waits.closed_by_server());
  CHECK(passed() - answered >= 600ms);
}

TEST_CASE("a request that takes longer than the time-outs is answered all the same") {
  keeper kept;
  const running_server running(keeping(kept), {.head_timeout = 50ms, .idle_timeout = 100ms});
  auto connected = running.connect();
  send(connected, get("/a"));
  auto answer = kept.take("/a");
  std::this_thread::sleep_for(400ms);
  answer(plain("late"));
  CHECK(receive(connected).body == "late");
}

TEST_CASE("beyond the limit of connections the answer is overloaded, and there is room when one has gone") {
  check_third_is_refused(running_server(tell, {.connections = 2}), 503);
}

TEST_CASE("one address may not have all connections") {
  check_third_is_refused(running_server(tell, {.connections_per_address = 2}), 429);
}

TEST_CASE("stop lets requests under way end, closes idle connections and takes no new ones") {
  keeper kept;
  running_server running(keeping(kept));
  auto idle = running.connect();
  auto busy = running.connect();
  send(busy, get("/a") + get("/b"));
  auto first = kept.take("/a");
  auto second = kept.take("/b");
  const auto port = running.server->port();
  std::promise<void> stopped;
  running.server->stop(30s, [&] { stopped.set_value(); });
  CHECK(idle.closed_by_server());
  while (client::connect("127.0.0.1", port)) std::this_thread::sleep_for(1ms);
  auto ended = stopped.get_future();
  CHECK(ended.wait_for(50ms) == std::future_status::timeout);
  first(plain("one"));
  second(plain("two"));
  const auto answer = receive(busy);
  CHECK(answer.body == "one");
  CHECK_FALSE(answer.header("Connection").has_value());
  const auto last = receive(busy);
  CHECK(last.body == "two");
  CHECK(last.header("Connection") == "close");
  CHECK(busy.closed_by_server());
  CHECK(ended.wait_for(20s) == std::future_status::ready);
}

TEST_CASE("stop does not wait longer than it may") {
  keeper kept;
  running_server running(keeping(kept));
  auto busy = running.connect();
  send(busy, get("/a"));
  auto never = kept.take("/a");
  std::promise<void> stopped;
  running.server->stop(100ms, [&] { stopped.set_value(); });
  CHECK(stopped.get_future().wait_for(20s) == std::future_status::ready);
  CHECK(busy.closed_by_server());
  never(plain("too late"));
}

}  // namespace
}  // namespace foldlog::http
