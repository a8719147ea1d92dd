#include "core/cluster/forwarder.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/http/problem.h"
#include "core/http/server.h"
#include "nodes_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using kind = forward_outcome::kind;

// A forwarder, and a real server that plays the owner of a partition.
struct forward_rig : nodes_rig {
  forward_rig() {
    auto started = http::start_server(loop.get_executor(), {.port = 0},
                                      [this](const http::request& of, http::responder answer) -> std::string_view {
                                        asked.emplace_back(of.body);
                                        fields.emplace_back(of.header("Idempotency-Key").value_or(""));
                                        play(std::move(answer));
                                        return "/";
                                      });
    REQUIRE(started.has_value());
    server = std::move(*started);
    owner = node_named("owner");
    owner->endpoint = "http://127.0.0.1:" + std::to_string(server->port());
    play = [](http::responder answer) {
      answer({.status = http::status::ok,
              .content_type = "application/json",
              .fields = {},
              .body = "done",
              .close = false,
              .stream = {}});
    };
  }

  void forward(std::string body, std::chrono::milliseconds within = 5s, std::string order = {}) {
    forward_request wanted;
    wanted.at = {"bank.account", 3};
    wanted.request = {.method = http::method::post, .target = "/x", .fields = "Idempotency-Key: k1\r\n", .body = body};
    wanted.order = std::move(order);
    wanted.until = time.monotonic() + within;
    wanted.done = [this, body](forward_outcome outcome) { ended.emplace_back(body, std::move(outcome)); };
    passing.forward(std::move(wanted));
  }
  bool wait(std::size_t count = 1) {
    return until([&] { return ended.size() >= count; });
  }
  static void say(http::responder& answer, http::problem_kind what) {
    answer(http::render({.kind = what, .detail = "x"}));
  }

  std::unique_ptr<http::server> server;
  std::optional<announcement> owner;
  bool here = false;
  std::function<void(http::responder)> play;
  std::vector<std::string> asked, fields;
  std::vector<std::pair<std::string, forward_outcome>> ended;
  peer_calls calls{loop.get_executor(), time, system_random(), {}, {.failures = 3, .shortest = 50ms, .longest = 100ms}};
  forwarder passing{calls,
                    make_alarm(loop.get_executor()),
                    time,
                    system_random(),
                    [this](const topic_partition&) { return here; },
                    [this](const topic_partition&) { return owner ? &*owner : nullptr; },
                    {.attempt_timeout = 300ms}};
};

TEST_CASE("a command goes to the owner, and its answer comes back") {
  forward_rig rig;
  rig.forward("a");
  REQUIRE(rig.wait());
  CHECK(rig.ended[0].second.what == kind::answered);
  CHECK(rig.ended[0].second.answer.body == "done");
  CHECK(rig.ended[0].second.answer.content_type == "application/json");
  CHECK(rig.passing.counts().forwarded == 1);
}

TEST_CASE("while there is no owner it waits, and goes as soon as there is one") {
  forward_rig rig;
  const auto owner = std::exchange(rig.owner, std::nullopt);
  rig.forward("a");
  rig.loop.run_for(50ms);
  CHECK(rig.ended.empty());
  rig.owner = owner;
  rig.passing.look_again();
  REQUIRE(rig.wait());
  CHECK(rig.ended[0].second.what == kind::answered);
}

TEST_CASE("when the partition has come here, the command is done here") {
  forward_rig rig;
  rig.owner.reset();
  rig.forward("a");
  rig.loop.run_for(20ms);
  rig.here = true;
  rig.passing.look_again();
  REQUIRE(rig.wait());
  CHECK(rig.ended[0].second.what == kind::here);
}

TEST_CASE("an owner that is none any more is asked again, and so is one that can't tell: as the same command") {
  for (const auto what : {http::problem_kind::not_ready, http::problem_kind::outcome_unknown}) {
    forward_rig rig;
    rig.play = [&](http::responder answer) {
      if (rig.asked.size() < 3) return forward_rig::say(answer, what);
      answer({.status = http::status::ok, .content_type = {}, .fields = {}, .body = {}, .close = false, .stream = {}});
    };
    rig.forward("a");
    REQUIRE(rig.wait());
    CHECK(rig.ended[0].second.what == kind::answered);
    CHECK(rig.asked == std::vector<std::string>{"a", "a", "a"});
    CHECK(rig.fields == std::vector<std::string>{"k1", "k1", "k1"});
    CHECK(rig.passing.counts().retries == 2);
  }
}

TEST_CASE("every other answer is the client's") {
  forward_rig rig;
  rig.play = [](http::responder answer) { forward_rig::say(answer, http::problem_kind::overloaded); };
  rig.forward("a");
  REQUIRE(rig.wait());
  CHECK(rig.ended[0].second.what == kind::answered);
  CHECK(rig.asked.size() == 1);
}

TEST_CASE("what was never sent was certainly not applied; what was sent and not answered is in doubt") {
  forward_rig rig;
  rig.owner->endpoint = "http://127.0.0.1:1";  // nobody listens
  rig.forward("unreachable", 200ms);
  REQUIRE(rig.wait());
  CHECK(rig.ended[0].second.what == kind::no_owner);
  CHECK_MESSAGE(rig.ended[0].second.reason.find("owner") != std::string::npos, rig.ended[0].second.reason);
  rig.owner->endpoint = "http://127.0.0.1:" + std::to_string(rig.server->port());
  std::vector<http::responder> kept;
  rig.play = [&kept](http::responder answer) { kept.push_back(std::move(answer)); };
  rig.forward("silent", 700ms);
  REQUIRE(rig.wait(2));
  CHECK(rig.ended[1].second.what == kind::in_doubt);
  CHECK(rig.asked.size() >= 2);  // it was tried again after its time was up
}

TEST_CASE("commands of one order go one after the other") {
  forward_rig rig;
  std::vector<http::responder> kept;
  rig.play = [&kept](http::responder answer) { kept.push_back(std::move(answer)); };
  for (const auto* body : {"1", "2", "3"}) rig.forward(body, 5s, "bank.account/ann");
  rig.forward("other", 5s, "bank.account/bob");
  REQUIRE(rig.until([&] { return kept.size() == 2; }));
  CHECK(std::ranges::count(rig.asked, "other") == 1);
  CHECK(std::ranges::count(rig.asked, "1") == 1);
  rig.play = [](http::responder answer) { forward_rig::say(answer, http::problem_kind::refused); };
  for (auto& answer : kept) forward_rig::say(answer, http::problem_kind::refused);
  REQUIRE(rig.wait(4));
  std::erase(rig.asked, "other");
  CHECK(rig.asked == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("too many at once are refused") {
  forward_rig rig;
  rig.owner.reset();
  forwarder few{rig.calls,
                make_alarm(rig.loop.get_executor()),
                rig.time,
                system_random(),
                [](const auto&) { return false; },
                [](const auto&) { return nullptr; },
                {.waiting_commands = 1}};
  std::vector<kind> ended;
  for (int n = 0; n < 2; ++n) {
    forward_request wanted;
    wanted.at = {"bank.account", 3};
    wanted.until = rig.time.monotonic() + 300ms;
    wanted.done = [&](const forward_outcome& outcome) { ended.push_back(outcome.what); };
    few.forward(std::move(wanted));
  }
  REQUIRE(rig.until([&] { return ended.size() == 2; }));
  CHECK(ended == std::vector<kind>{kind::overloaded, kind::no_owner});
}

// Stands still until it is told: how long a circuit stays open is no matter of the machine's load.
struct held_clock final : clock {
  [[nodiscard]] timestamp now() const override { return timestamp(std::chrono::microseconds(at.count() / 1000)); }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override { return at; }
  std::chrono::nanoseconds at = 1h;
};

TEST_CASE("a peer that does not answer is left alone for a while, then tried") {
  forward_rig rig;
  held_clock time;
  peer_calls calls(rig.loop.get_executor(), time, system_random(), {}, {.failures = 3, .shortest = 50ms});
  rig.owner->endpoint = "http://127.0.0.1:1";
  const auto send = [&](http::incoming_handler done) {
    return calls.send(*rig.owner, {.target = "/", .fields = {}, .body = {}}, std::move(done));
  };
  for (int n = 0; n < 3; ++n) {
    bool told = false;
    REQUIRE(send([&](const http::incoming& outcome) {
      CHECK(outcome.status == http::exchange_status::not_sent);
      told = true;
    }));
    REQUIRE(rig.until([&] { return told; }));
  }
  CHECK_FALSE(calls.reachable(rig.owner->endpoint));
  CHECK_FALSE(send([](const http::incoming&) {}));
  time.at += 50ms;
  CHECK(calls.reachable(rig.owner->endpoint));
  const auto all = calls.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].failures == 3);
  CHECK(all[0].opened == 1);
}

}  // namespace
}  // namespace foldlog::test
