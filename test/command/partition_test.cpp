// A service and its partitions over a log and a store: starting, stopping, damage, and what one partition does not do
// to another.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.h"
#include "service_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;

struct service_rig {
  explicit service_rig(std::int32_t partitions = 1) : storage(make_bank_storage(partitions)) {}

  std::unique_ptr<command_node> start(std::shared_ptr<store> rows = nullptr, bool shared = false,
                                      command_service_options options = quick_options()) {
    auto node = std::make_unique<command_node>(context, storage, std::move(rows), shared, std::move(options));
    REQUIRE(node->service.start());
    return node;
  }
  static bool is_ready(command_node& node) {
    std::string why;
    return node.service.ready(why);
  }
  std::unique_ptr<command_node> start_ready(std::shared_ptr<store> rows = nullptr, bool shared = false) {
    auto node = start(std::move(rows), shared);
    REQUIRE(run_until(context, [&node] { return is_ready(*node); }));
    return node;
  }
  void submit(command_node& to, std::string stream, std::string id, std::string name, std::string data,
              std::optional<command_outcome>& into) {
    auto wanted = std::make_unique<command>();
    wanted->stream_id = std::move(stream);
    wanted->command_id = std::move(id);
    wanted->name = std::move(name);
    wanted->data = std::move(data);
    wanted->done = [&into](const command_request&, command_outcome outcome) { into = std::move(outcome); };
    to.service.submit(to.account, std::move(wanted));
  }
  command_outcome ask(command_node& to, std::string stream, std::string id, std::string name, std::string data) {
    std::optional<command_outcome> outcome;
    submit(to, std::move(stream), std::move(id), std::move(name), std::move(data), outcome);
    REQUIRE(run_until(context, [&outcome] { return outcome.has_value(); }));
    return *outcome;
  }
  command_outcome create(command_node& to, std::string stream, std::string id) {
    return ask(to, std::move(stream), std::move(id), "CreateAccount", R"({"owner":"o","currency":"EUR"})");
  }
  command_outcome deposit(command_node& to, std::string stream, std::string id) {
    return ask(to, std::move(stream), std::move(id), "Deposit", R"({"amount":1})");
  }
  void drain(command_node& node) {
    bool drained = false;
    node.service.drain(5s, [&drained] { drained = true; });
    REQUIRE(run_until(context, [&drained] { return drained; }));
  }
  // A stream of that partition.
  std::string stream_of(std::int32_t partition, std::int32_t partitions) {
    for (int i = 0;; ++i) {
      auto id = fmt::format("s{}", i);
      if (partition_of(id, partitions) == partition) return id;
    }
  }

  boost::asio::io_context context;
  storage_pointer storage;
};

}  // namespace

TEST_CASE("a damaged record halts its own partition, which says where; the others serve") {
  service_rig rig(4);
  auto node = rig.start_ready();
  for (std::int32_t p = 0; p < 4; ++p) CHECK(rig.create(*node, rig.stream_of(p, 4), "c").kind == outcome_kind::applied);
  record claim;  // a long partition: the damage is met while it is still being read
  claim.kind = record_kind::claim;
  claim.type = claim_type;
  const std::vector<record> many(10'000, claim);
  bool appended = false;
  node->log.append({0, 1}, many, [&appended](const append_result&) { appended = true; });
  REQUIRE(run_until(rig.context, [&appended] { return appended; }));
  node->log.corrupt({0, 2}, offset_t{1});
  node = rig.start();
  REQUIRE(run_until(rig.context, [&node] {
    return std::ranges::none_of(node->service.partitions(), [](const auto& one) {
      return one.state == "claiming" || one.state == "reading" || one.state == "vacant";
    });
  }));
  const auto states = node->service.partitions();
  for (std::int32_t p = 0; p < 4; ++p) {
    CAPTURE(p);
    CHECK(states[static_cast<std::size_t>(p)].state == (p == 2 ? "halted" : "serving"));
    CHECK(rig.deposit(*node, rig.stream_of(p, 4), "d").kind ==
          (p == 2 ? outcome_kind::not_ready : outcome_kind::applied));
  }
  CHECK(states[2].reason.find("bank.account/2") != std::string::npos);
  CHECK(states[2].reason.find("1") != std::string::npos);
  std::string why;
  CHECK_FALSE(node->service.ready(why));
  CHECK(why.find("bank.account/2 is halted") != std::string::npos);
}

TEST_CASE("after a drain the store holds everything: the next start folds nothing") {
  service_rig rig;
  auto node = rig.start_ready();
  const auto rows = node->rows;
  rig.create(*node, "ann", "c");
  for (int i = 0; i < 20; ++i) rig.deposit(*node, "ann", fmt::format("d{}", i));
  rig.drain(*node);
  CHECK(rig.deposit(*node, "ann", "late").kind == outcome_kind::not_ready);
  node.reset();
  node = rig.start_ready(rows);
  CHECK(node->service.counters().accepted_commits == 0);
  const auto again = rig.deposit(*node, "ann", "d7");
  CHECK(again.replayed);
  CHECK(again.version == version_t{9});
  CHECK(rig.deposit(*node, "ann", "new").version == version_t{22});
  node.reset();
  node = rig.start_ready(nullptr);
  CHECK(node->service.counters().accepted_commits == 22);
}

TEST_CASE("an owner whose log was made anew halts, and says what it had, what is there, and what can be done") {
  service_rig rig;
  auto node = rig.start_ready();
  const auto rows = node->rows;
  for (const auto* stream : {"ann", "bob", "cid"}) rig.create(*node, stream, "c");
  rig.drain(*node);
  const auto epoch = node->service.partitions()[0].epoch;
  node.reset();
  rig.storage = make_bank_storage(1);
  node = rig.start(rows);
  REQUIRE(run_until(rig.context, [&node] { return node->service.partitions()[0].state == "halted"; }));
  const auto reason = node->service.partitions()[0].reason;
  CHECK(reason.find(fmt::format("folded up to bank.account/0@3 (epoch {}, sequence 2)", epoch)) != std::string::npos);
  CHECK(reason.find("offset 3 was asked for, the log ends at 0") != std::string::npos);
  CHECK(reason.find("Restore the log") != std::string::npos);
  CHECK(reason.find("delete its write_model folder") != std::string::npos);
  std::string why;
  CHECK_FALSE(node->service.ready(why));
  CHECK(why.find("bank.account/0 is halted: the log was cut") == 0);
  const auto refused = rig.create(*node, "ann", "c");
  CHECK(refused.kind == outcome_kind::not_ready);
  CHECK(refused.detail == reason);
  rig.drain(*node);
  CHECK(node->log.query_end_offset({0, 0}) == offset_t{0});  // it has not even claimed
  node.reset();
  node = rig.start_ready(nullptr);  // the store was deleted: the loss is accepted
  CHECK(rig.deposit(*node, "ann", "d").refusal.code == "no-such-account");
  CHECK(rig.create(*node, "ann", "c").version == version_t{1});
}

TEST_CASE("an owner whose log went on otherwise behind the place of its rows halts, wished for or not") {
  for (const auto wish : {partition_wish::own, partition_wish::stand_by}) {
    service_rig rig;
    auto options = quick_options();
    options.shared_out = true;
    auto node = rig.start_ready();
    const auto rows = node->rows;
    for (const auto* stream : {"ann", "bob", "cid"}) rig.create(*node, stream, "c");
    rig.drain(*node);
    node.reset();
    rig.storage = make_bank_storage(1);
    node = rig.start_ready(nullptr);
    for (const auto* stream : {"dan", "eve", "fay", "gus"}) rig.create(*node, stream, "c");
    const auto epoch = node->service.partitions()[0].epoch;
    node.reset();
    node = rig.start(rows, false, options);
    node->service.wish({0, 0}, wish);
    REQUIRE(run_until(rig.context, [&node] { return node->service.partitions()[0].state == "halted"; }));
    CHECK(node->service.partitions()[0].reason.find(fmt::format("another record, of epoch {}, sequence 2", epoch)) !=
          std::string::npos);
    CHECK(node->service.rests({0, 0}));
    CHECK(node->service.halted({0, 0}));
  }
}

TEST_CASE("older rows are folded on, up to the log's end") {
  service_rig rig;
  auto node = rig.start_ready();
  rig.create(*node, "ann", "c");
  rig.drain(*node);
  const auto rows = node->rows;
  node.reset();
  node = rig.start_ready(nullptr);
  for (int i = 0; i < 5; ++i) rig.deposit(*node, "ann", fmt::format("d{}", i));
  node.reset();
  node = rig.start_ready(rows);
  CHECK(node->service.counters().accepted_commits == 5);
  CHECK(rig.deposit(*node, "ann", "d3").replayed);
}

TEST_CASE("a deposed owner that nobody asks anything claims again by itself") {
  service_rig rig;
  auto options = quick_options();
  options.owner.deposed_pause = 30ms;
  options.owner.save_after = 5ms;  // an earlier wake-up is pending when it is deposed
  auto first = rig.start(nullptr, true, options);
  REQUIRE(run_until(rig.context, [&first] { return service_rig::is_ready(*first); }));
  rig.create(*first, "ann", "c");
  auto second = rig.start_ready(nullptr, true);
  CHECK(rig.deposit(*first, "ann", "d").kind == outcome_kind::unknown);
  CHECK(first->service.partitions()[0].state == "deposed");
  second.reset();
  REQUIRE(run_until(rig.context, [&first] { return service_rig::is_ready(*first); }));
  CHECK(rig.deposit(*first, "ann", "d").version == version_t{2});
  CHECK(first->service.counters().deposed == 1);
}

TEST_CASE("a service stops with everything under way, and nothing comes afterwards") {
  for (int ways = 0; ways < 40; ++ways) {
    service_rig rig(3);
    std::vector<std::optional<command_outcome>> outcomes(30);
    auto node = rig.start(nullptr, ways % 2 == 0);
    for (int i = 0; i < ways; ++i) {
      rig.context.restart();
      rig.context.poll_one();
    }
    if (ways % 3 == 0) node->log.fail_append(2, append_fault::lost);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      rig.submit(*node, fmt::format("s{}", i % 7), fmt::format("c{}", i), "Deposit", R"({"amount":1})", outcomes[i]);
      if (i % 4 == 0) rig.context.poll_one();
    }
    if (ways % 5 == 0) node->service.drain(1s, [] {});
    node->service.stop();
    const auto answered = std::ranges::count_if(outcomes, [](const auto& one) { return one.has_value(); });
    node.reset();
    rig.context.restart();
    rig.context.run_for(5ms);
    CHECK(std::ranges::count_if(outcomes, [](const auto& one) { return one.has_value(); }) == answered);
  }
}

TEST_CASE("a node whose log takes no appends is not ready, and comes back by itself") {
  service_rig rig;
  auto node = rig.start_ready();
  rig.create(*node, "ann", "c");
  node->log.fail_appends(append_fault::lost);
  std::string why;
  CHECK_FALSE(node->service.ready(why));
  CHECK(rig.deposit(*node, "ann", "d").kind == outcome_kind::log_unavailable);
  node->log.heal();
  CHECK(node->service.ready(why));
  node->log.fail_append(1, append_fault::lost);
  node->log.fail_append(2, append_fault::refused);
  const auto outcome = rig.deposit(*node, "ann", "d");
  CHECK(outcome.kind == outcome_kind::applied);
  CHECK(outcome.version == version_t{2});
}

TEST_CASE("partitions tell their owner, epoch and end") {
  service_rig rig(2);
  auto node = rig.start_ready();
  const auto states = node->service.partitions();
  REQUIRE(states.size() == 2);
  CHECK(states[1].topic == "bank.account");
  CHECK(states[1].partition == 1);
  CHECK(states[1].owner == "node");
  CHECK(states[1].epoch.starts_with("0-"));
  CHECK(states[1].epoch.size() == 10);
  CHECK(states[1].end_offset == offset_t{1});
  CHECK(states[1].state == "serving");
  CHECK(node->service.find("bank", "account") == &node->account);
  CHECK(node->service.find("bank", "loan") == nullptr);
}

}  // namespace foldlog::test
