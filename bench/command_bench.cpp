// How fast are durable commands, against the limit of the machine measured in the same run? `command_bench --help`.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/append_rivals.h"
#include "bench/child_process.h"
#include "bench/echo_server.h"
#include "bench/http_call.h"
#include "bench/load_generator.h"
#include "bench/statistics.h"

namespace foldlog::bench {
namespace {

struct bench_options {
  std::string log = "embedded";
  int connections = 64;
  double seconds = 2;
  int rounds = 5;
  int accounts = 1000;
  std::string foldlog = FOLDLOG_PATH;
  std::string folder;  ///< for data and for the synced writes, so that both meet the same disk
  bool echo_server = false;
};

/// The server under test, what was acknowledged by it, and the check at the end.
class subject {
 public:
  subject(const bench_options& options, const std::string& folder)
      : options_(options),
        error_path_(folder + "/server.log"),
        server_(command_line(options, folder), error_path_),
        at_(read_ready_line(server_, error_path_)) {
    open_accounts();
  }

  load_result load(int connections, double seconds, const std::atomic<bool>* stop = nullptr) {
    auto result = run_load({.address = at_.http,
                            .connections = connections,
                            .seconds = seconds,
                            .accounts = options_.accounts,
                            .stop = stop});
    acknowledged_ += result.amount;
    return result;
  }

  /// Milliseconds from a command's answer until the view shows it, one command after the other.
  std::vector<double> view_delays(double seconds) {
    http_connection connection(at_.http);
    std::vector<double> delays;
    auto id = account_id(options_.accounts);  // not one of the load's, so that its version is known
    auto target = fmt::format("/v1/commands/bank/account/{}/Deposit", id);
    for (auto start = steady::now(); seconds_since(start) < seconds;) {
      auto answer = connection.post(target, "application/json", R"({"amount":1})");
      auto answered = steady::now();
      std::size_t from = 0;
      std::int64_t version = 0, seen = 0;
      if (answer.status != 200 || !next_integer(answer.body, "version", from, version))
        fail("a deposit: " + answer.body);
      ++acknowledged_;
      do {
        auto row = connection.get("/v1/views/bank/accounts/" + id);
        from = 0;
        if (row.status != 200 || !next_integer(row.body, "version", from, seen)) fail("the view: " + row.body);
      } while (seen < version && seconds_since(answered) < 30);
      if (seen < version) fail("a view does not show a command within 30 s");
      delays.push_back(seconds_since(answered) * 1000);
    }
    return delays;
  }

  /// Every acknowledged amount is in the view, and no other.
  void check() {
    wait_for_projections(at_.admin, 60);
    auto totals = sum_accounts(at_.http);
    if (totals.balance != acknowledged_ || totals.accounts != options_.accounts + 1)
      fail(fmt::format("{} were acknowledged, the view holds {} in {} accounts", acknowledged_, totals.balance,
                       totals.accounts));
    fmt::print("answers     every one a 200; the view's balances are the {} acknowledged, in {} accounts, {} events\n",
               acknowledged_, totals.accounts, totals.versions);
    if (int code = server_.stop(); code != 0) fail(fmt::format("the server exited {} after SIGTERM", code));
  }

  [[nodiscard]] const std::string& log() const { return at_.log; }

 private:
  static std::vector<std::string> command_line(const bench_options& options, const std::string& folder) {
    std::vector<std::string> command{options.foldlog, "serve",   "--data",      folder + "/data", "--http",
                                     "127.0.0.1:0",   "--admin", "127.0.0.1:0", "--log",          options.log};
    if (options.log != "embedded") command.insert(command.end(), {"--replicas", "1"});
    return command;
  }

  void open_accounts() {
    http_connection connection(at_.http);
    for (int from = 0; from <= options_.accounts; from += 500) {
      std::string lines;
      for (int at = from; at < std::min(from + 500, options_.accounts + 1); ++at) {
        lines += fmt::format(R"({{"domain":"bank","category":"account","id":"{}","command":"CreateAccount",)"
                             R"("data":{{"owner":"Owner {}","currency":"EUR"}},"expected_version":0}})"
                             "\n",
                             account_id(at), at % 100);
      }
      auto answer = connection.post("/v1/commands", "application/x-ndjson", lines);
      if (answer.status != 200 || answer.body.find(R"("status":4)") != std::string::npos ||
          answer.body.find(R"("status":5)") != std::string::npos)
        fail("the accounts were not opened: is the log a fresh one? " + answer.body.substr(0, 500));
    }
  }

  const bench_options& options_;
  std::string error_path_;
  child_process server_;
  server_addresses at_;
  std::int64_t acknowledged_ = 0;
};

void print(std::string_view name, const measurement& found) {
  fmt::print("  {:<62} {:>9.0f}/s  p50 {:>8.3f} ms  p99 {:>8.3f} ms\n", name, found.per_second, found.p50_ms,
             found.p99_ms);
  std::fflush(stdout);
}

void measure_views(subject& server, const bench_options& options) {
  auto idle = server.view_delays(options.seconds);
  print_verdict("view visible after the answer, idle, p99", percentile(idle, 0.99), "<=", 20, "ms");
  std::atomic<bool> stop = false;
  std::thread load([&] { server.load(options.connections, 3600, &stop); });
  auto busy = server.view_delays(options.seconds);
  stop = true;
  load.join();
  print_verdict(fmt::format("view visible after the answer, under {} connections, p99", options.connections),
                percentile(busy, 0.99), "<=", 20, "ms");
}

void measure_embedded(subject& server, const bench_options& options, const std::string& folder,
                      const std::string& self) {
  child_process echo({self, "--echo-server"});
  auto echo_at = read_ready_line(echo, "");
  std::vector<measurement> commands, echoes, single, synced, overwritten;
  server.load(options.connections, 0.5);  // warm
  for (int round = 0; round < options.rounds; ++round) {
    commands.push_back(server.load(options.connections, options.seconds).measured);
    echoes.push_back(run_load({.address = echo_at.http,
                               .connections = options.connections,
                               .seconds = options.seconds,
                               .accounts = options.accounts})
                         .measured);
    single.push_back(server.load(1, options.seconds / 2).measured);
    synced.push_back(run_synced_writes(folder, options.seconds / 2, synced_file::grows));
    overwritten.push_back(run_synced_writes(folder, options.seconds / 2, synced_file::written_before));
  }
  auto many = median_of(commands), rival = median_of(echoes), one = median_of(single), sync = median_of(synced);
  print(fmt::format("durable commands, {} connections", options.connections), many);
  print("bare Beast echo of the same bodies, as many", rival);
  print("durable commands, 1 connection", one);
  print("write and fdatasync of 500 bytes", sync);
  print("the same into a file that was written before", median_of(overwritten));
  print_verdict("durable commands per echoed request", many.per_second / rival.per_second, ">=", 0.45, "");
  print_verdict(fmt::format("durable commands, {} connections, p99", options.connections), many.p99_ms, "<=", 8, "ms");
  print_verdict("one command per fdatasync, p50", one.p50_ms / sync.p50_ms, "<=", 1.8, "");
}

void measure_kafka(subject& server, const bench_options& options) {
  kafka_rival rival(options.log.substr(options.log.find(':') + 1));
  std::vector<measurement> commands, produced, single, single_produced, transactions;
  server.load(options.connections, 0.5);  // warm
  rival.run_produce(options.connections, 0.5);
  for (int round = 0; round < options.rounds; ++round) {
    commands.push_back(server.load(options.connections, options.seconds).measured);
    produced.push_back(rival.run_produce(options.connections, options.seconds));
    single.push_back(server.load(1, options.seconds / 2).measured);
    single_produced.push_back(rival.run_produce(1, options.seconds / 2));
    transactions.push_back(rival.run_transactions(options.connections, options.seconds / 2));
  }
  auto many = median_of(commands), bare = median_of(produced), one = median_of(single),
       one_bare = median_of(single_produced);
  print(fmt::format("commands, {} connections", options.connections), many);
  print(fmt::format("bare idempotent produce, {} outstanding", options.connections), bare);
  print(fmt::format("bare transaction per group of {} (p50, p99 of a group)", options.connections),
        median_of(transactions));
  print("commands, 1 connection", one);
  print("bare idempotent produce, one at a time", one_bare);
  print_verdict("commands per bare produce, same number outstanding", many.per_second / bare.per_second, ">=", 0.25,
                "");
  print_verdict("one command, p50 (bar: 1.5 x a bare produce + 0.15 ms)", one.p50_ms,
                "<=", 1.5 * one_bare.p50_ms + 0.15, "ms");
}

int run(const bench_options& options, const std::string& self) {
  print_machine();
  scratch_folder folder(options.folder);
  subject server(options, folder.path());
  bool embedded = options.log == "embedded";
  fmt::print("question    how fast are durable commands, against the machine's own limit in the same run?\n");
  fmt::print("durability  {}\n",
             embedded ? "log=embedded: one synced write for all commands that wait together, before any answer, in " +
                            folder.path()
                      : "log=" + options.log + ": acks=all, idempotent producer, one replica");
  fmt::print("method      {} interleaved rounds of {} s, medians; one Deposit a request; {} accounts\n", options.rounds,
             options.seconds, options.accounts);
  if (embedded)
    measure_embedded(server, options, folder.path(), self);
  else
    measure_kafka(server, options);
  measure_views(server, options);
  server.check();
  return 0;
}

}  // namespace
}  // namespace foldlog::bench

int main(int argc, char** argv) {
  foldlog::bench::bench_options options;
  CLI::App app{
      "Durable commands per second and their latency, with the limit of the machine beside them. Exit: 0, or 1 when an "
      "answer "
      "was wrong."};
  app.add_option("--log", options.log, "embedded, or kafka:host:port (a fresh broker)")->capture_default_str();
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 10000))->capture_default_str();
  app.add_option("--seconds", options.seconds, "length of a round")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--accounts", options.accounts)->check(CLI::Range(1, 900000))->capture_default_str();
  app.add_option("--foldlog", options.foldlog, "the program")->capture_default_str();
  app.add_option("--folder", options.folder, "where data goes: a real disk, not memory");
  app.add_flag("--echo-server", options.echo_server, "run only the rival");
  CLI11_PARSE(app, argc, argv);
  if (options.echo_server) return foldlog::bench::run_echo_server();
  return foldlog::bench::run(options, argv[0]);
}
