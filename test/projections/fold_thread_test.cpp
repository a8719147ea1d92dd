#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <thread>

#include "projections/fold_thread.h"
#include "test/projections/fixture.h"

using namespace foldlog;
using namespace foldlog::bank;
using namespace foldlog::test;
using namespace std::chrono_literals;

TEST_CASE("whoever waits for a position reads it when told, while commands come in") {
  bank_world here(1);
  here.writer.claim_all();
  runner running(here.log, *here.store, projections(), *here.progress, here.clock);
  fold_thread thread(running);
  thread.start();
  here.writer.commit("alice", {account_created{"eve", "EUR", 0}});
  for (int i = 1; i <= 50; ++i) {
    here.writer.commit("alice", {deposit_made{1, i, {}}});
    token wanted;
    wanted.set("bank.account", 0, here.log.end_offset({0, 0}).value() - 1);
    std::promise<std::string> seen;
    const auto waiting =
        here.progress->wait("bank", "accounts", wanted, [&] { seen.set_value(here.rows("accounts").at("alice")); });
    auto row = seen.get_future();
    REQUIRE(row.wait_for(20s) == std::future_status::ready);
    CHECK(row.get().find("\"balance\":" + std::to_string(i) + ",") != std::string::npos);
  }
  thread.stop();
  const auto at_stop = here.entry("accounts", 0).folded;
  here.writer.commit("alice", {deposit_made{1, 51, {}}});
  std::this_thread::sleep_for(20ms);
  CHECK(here.entry("accounts", 0).folded == at_stop);
}

TEST_CASE("it stops while it waits, can be started again, and stopping twice is fine") {
  bank_world here(1);
  runner running(here.log, *here.store, projections(), *here.progress, here.clock);
  fold_thread thread(running);
  for (int i = 0; i < 3; ++i) {
    thread.start();
    thread.stop();
  }
  thread.stop();
}
