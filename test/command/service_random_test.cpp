// Whole services over memory logs that misbehave, in seeded runs; an independent reading of the log is the judge.
// FOLDLOG_SEED=n runs that seed alone, FOLDLOG_SEEDS=n that many.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <list>
#include <random>

#include "log_check.h"
#include "service_rig.h"

namespace foldlog::test {
namespace {

struct attempt {
  std::optional<command_outcome> outcome;
  int answers = 0;
  bool dropped = false;     ///< the node died before it answered
  std::uint64_t floor = 0;  ///< the stream's version that somebody knew of when it was sent
};

struct wanted_command {
  std::string stream, id, name, data;
  std::int64_t amount = 0;
  std::optional<std::uint64_t> expected;
  std::uint64_t hash = 0;
  std::list<attempt> attempts;
};

// Tells the attempt when the handler goes without having been called.
struct drop_guard {
  attempt* of;
  ~drop_guard() {
    if (of->answers == 0) of->dropped = true;
  }
};

class random_run {
 public:
  explicit random_run(std::uint64_t seed) : chance_(seed), rival_(one_in(2)), storage_(make_bank_storage(2)) {
    nodes_[0] = make_node(nullptr);
  }

  void run() {
    const int steps = 150 + static_cast<int>(below(250));
    for (int i = 0; i < steps; ++i) step();
    calm_down();
    settle_doubts();
    judge();
  }

 private:
  std::uint64_t below(std::uint64_t n) { return chance_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  std::unique_ptr<command_node> make_node(std::shared_ptr<store> rows) {
    auto options = quick_options();
    options.owner.in_flight_appends = 1 + below(4);
    options.owner.save_commits = 1 + below(40);
    options.owner.hot_bytes = one_in(2) ? 1000 : 1U << 20;
    options.owner.node = fmt::format("node-{}", ++made_);
    auto node = std::make_unique<command_node>(context_, storage_, std::move(rows), true, std::move(options));
    REQUIRE(node->service.start());
    return node;
  }

  void step() {
    const auto what = below(100);
    if (what < 60)
      send_new();
    else if (what < 72)
      send_again();
    else if (what < 80)
      plant_fault();
    else if (what < 83)
      context_.run_for(std::chrono::milliseconds(1 + below(3)));
    else if (what < 84)
      restart(below(2));
    else if (what < 86 && rival_)
      toggle_rival();
    else if (what < 88)
      land();
    else
      poll();
    if (one_in(3)) poll();
  }

  void poll() {
    context_.restart();
    for (auto n = below(12); n > 0; --n) context_.poll_one();
  }

  void plant_fault() {
    for (auto& node : nodes_) {
      if (node && one_in(2)) node->log.fail_append(1 + below(3), static_cast<append_fault>(below(6)));
    }
  }

  void land() {
    for (auto& node : nodes_) {
      if (node) node->log.land();
    }
  }

  void toggle_rival() {
    if (nodes_[1])
      nodes_[1].reset();
    else
      nodes_[1] = make_node(nullptr);
  }

  void restart(std::size_t which) {
    auto& node = nodes_[which];
    if (!node) return;
    auto rows = node->rows;
    if (one_in(3)) {
      bool drained = false;
      node->service.drain(std::chrono::milliseconds(20), [&drained] { drained = true; });
      REQUIRE(run_until(context_, [&drained] { return drained; }));
    }
    node.reset();
    if (one_in(4)) older_ = copy_of(*rows);
    const auto kept = below(3);
    if (kept == 1) rows = nullptr;
    if (kept == 2 && older_) rows = copy_of(*older_);
    node = make_node(std::move(rows));
  }

  void send_new() {
    static constexpr std::array<std::string_view, 4> streams{"ann", "bob", "cid", "dan"};
    auto& made = commands_.emplace_back();
    made.stream = streams[below(streams.size())];
    made.id = fmt::format("c{}", commands_.size());
    const auto what = below(20);
    made.amount = 1 + static_cast<std::int64_t>(below(200));
    if (what < 3)
      made.name = "CreateAccount", made.data = R"({"owner":"o","currency":"EUR","overdraft_limit":100})";
    else if (what < 11)
      made.name = "Deposit", made.data = fmt::format(R"({{"amount":{}}})", made.amount);
    else if (what < 19)
      made.name = "Withdraw", made.data = fmt::format(R"({{"amount":{}}})", made.amount);
    else
      made.name = "CloseAccount", made.data = "{}";
    if (one_in(4)) made.expected = known_[made.stream] + (one_in(4) ? 1 : 0);
    made.hash = commands_.size();
    send(made);
  }

  void send_again() {
    if (commands_.empty()) return;
    const auto back = below(std::min<std::size_t>(commands_.size(), 30));
    send(*std::next(commands_.rbegin(), static_cast<std::ptrdiff_t>(back)));
  }

  void send(wanted_command& of) {
    auto& to = nodes_[1] && one_in(2) ? *nodes_[1] : *nodes_[0];
    auto& told = of.attempts.emplace_back();
    told.floor = known_[of.stream];
    auto wanted = std::make_unique<command>();
    wanted->stream_id = of.stream;
    wanted->name = of.name;
    wanted->data = of.data;
    wanted->command_id = of.id;
    wanted->hash = of.hash;
    wanted->expected_version = of.expected;
    wanted->done = [this, &told, &of, guard = std::make_unique<drop_guard>(&told)](const command_request&,
                                                                                   command_outcome outcome) {
      ++told.answers;
      if (outcome.kind == outcome_kind::applied) known_[of.stream] = std::max(known_[of.stream], raw(outcome.version));
      told.outcome = std::move(outcome);
    };
    to.service.submit(to.account, std::move(wanted));
  }

  // ---- the end

  void calm_down() {
    for (auto& node : nodes_) {
      if (node) node->log.heal();
    }
    land();
    if (nodes_[1] && one_in(2)) nodes_[1].reset();
    REQUIRE_MESSAGE(run_until(context_, [this] { return all_answered(); }), "commands were not answered");
    nodes_[1].reset();
  }

  bool all_answered() const {
    for (const auto& each : commands_) {
      for (const auto& told : each.attempts) {
        if (told.answers == 0 && !told.dropped) return false;
      }
    }
    return true;
  }

  static bool is_certain(const attempt& told) {
    return told.outcome &&
           (told.outcome->kind == outcome_kind::applied || told.outcome->kind == outcome_kind::refused ||
            told.outcome->kind == outcome_kind::version_mismatch);
  }

  // After recovery no command is in doubt: a repeat brings the final word.
  void settle_doubts() {
    for (auto& each : commands_) {
      bool certain = false;
      for (int i = 0; i < 500 && !certain; ++i) {
        send(each);
        auto& told = each.attempts.back();
        REQUIRE(run_until(context_, [&told] { return told.answers > 0; }));
        certain = is_certain(told);
        if (!certain) context_.run_for(std::chrono::milliseconds(2));
      }
      REQUIRE(certain);
    }
  }

  void judge() {
    auto checked = check_log(nodes_[0]->log);
    for (const auto& complaint : checked.complaints) FAIL_CHECK(complaint);
    for (auto& each : commands_) judge_command(checked, each);
    for (const auto& [name, commits] : checked.commands) CHECK_MESSAGE(commits.size() == 1, name);
  }

  void judge_command(checked_log& checked, const wanted_command& of) {
    CAPTURE(of.id);
    const auto found = checked.commands.find(of.stream + " " + of.id);
    const bool is_there = found != checked.commands.end();
    bool may_be_there = false;
    for (const auto& told : of.attempts) {
      if (told.dropped) {
        may_be_there = true;
        continue;
      }
      CHECK(told.answers == 1);
      const auto& outcome = *told.outcome;
      switch (outcome.kind) {
        case outcome_kind::applied:
          may_be_there = true;
          REQUIRE(is_there);
          judge_applied(outcome, found->second.front());
          break;
        case outcome_kind::unknown:
          may_be_there = true;
          break;
        case outcome_kind::refused:
        case outcome_kind::version_mismatch:
          judge_no(checked, of, told);
          break;
        case outcome_kind::not_ready:
        case outcome_kind::log_unavailable:
        case outcome_kind::overloaded:
          break;
        default:
          FAIL_CHECK(static_cast<int>(outcome.kind));
      }
    }
    CHECK_MESSAGE((!is_there || may_be_there), "it was told that it is not applied, and it is");
  }

  static void judge_applied(const command_outcome& outcome, const std::vector<checked_event>& written) {
    REQUIRE(outcome.events.size() == written.size());
    CHECK(raw(outcome.version) == written.back().version);
    CHECK(outcome.last_event == written.back().offset);
    for (std::size_t i = 0; i < written.size(); ++i) {
      CHECK(outcome.events[i].type == written[i].type);
      CHECK(outcome.events[i].data == written[i].data);
      CHECK(outcome.events[i].offset == written[i].offset);
    }
  }

  // A no is right for the version that it names, which is no older than what was known when the command was sent.
  static void judge_no(checked_log& checked, const wanted_command& of, const attempt& told) {
    auto& moments = checked.streams[of.stream];
    if (moments.empty()) moments.emplace_back();
    const auto version = raw(told.outcome->version);
    REQUIRE(version < moments.size());
    CHECK(version >= told.floor);
    CHECK(moments[version].commit_ends_here);
    if (told.outcome->kind == outcome_kind::version_mismatch) {
      REQUIRE(of.expected);
      CHECK(*of.expected != version);
    } else {
      CHECK((!of.expected || *of.expected == version));
      CHECK(told.outcome->refusal.code == refusal_of(moments[version], of.name, of.amount));
    }
  }

  std::mt19937_64 chance_;
  bool rival_;
  boost::asio::io_context context_;
  storage_pointer storage_;
  std::list<wanted_command> commands_;  // outlive the nodes: handlers point into them
  std::map<std::string, std::uint64_t> known_;
  std::shared_ptr<store> older_;
  int made_ = 0;
  std::array<std::unique_ptr<command_node>, 2> nodes_;
};

}  // namespace

TEST_CASE(
    "whatever the log, the stores and a rival do: each command has one outcome, told to all, and the log agrees") {
  const auto* one = std::getenv("FOLDLOG_SEED");
  const auto* many = std::getenv("FOLDLOG_SEEDS");
  const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t count = one != nullptr ? 1 : many != nullptr ? std::strtoull(many, nullptr, 10) : 300;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    if (count == 1 || seed % 50 == 1) MESSAGE("seeds from ", seed);
    random_run(seed).run();
  }
}

}  // namespace foldlog::test
