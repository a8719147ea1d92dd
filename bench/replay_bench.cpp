// How fast does a replay fold the log into the views? `replay_bench --help`.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "bench/child_process.h"
#include "bench/http_call.h"
#include "bench/statistics.h"

namespace foldlog::bench {
namespace {

struct bench_options {
  std::string log = "embedded";
  std::int64_t events = 2'000'000;
  int accounts = 20'000;
  int connections = 4;
  int rounds = 3;
  std::string threads;
  std::string foldlog = FOLDLOG_PATH;
  std::string folder;
};

constexpr int batch_lines = 500;

std::string command_line(int account, int turn) {
  auto head = fmt::format(R"({{"domain":"bank","category":"account","id":"account-{:06}","command":)", account);
  if (turn == 0)
    return fmt::format("{}\"CreateAccount\",\"data\":{{\"owner\":\"Owner {}\",\"currency\":\"{}\"}}}}\n", head,
                       account % 5000, account % 3 == 0 ? "USD" : "EUR");
  if (turn % 4 == 3) return fmt::format("{}\"Withdraw\",\"data\":{{\"amount\":{}}}}}\n", head, 1 + turn % 50);
  return fmt::format("{}\"Deposit\",\"data\":{{\"amount\":{},\"reference\":\"transfer {}\"}}}}\n", head,
                     100 + turn % 100, turn);
}

std::size_t count(std::string_view text, std::string_view pattern) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(pattern, at)) != std::string_view::npos; at += pattern.size()) ++found;
  return found;
}

/// Posts the commands of the accounts `first`, `first + stride` …, turn by turn: each gives one event.
void load_part(const std::string& http, const bench_options& options, int first, std::atomic<std::int64_t>& done) {
  http_connection connection(http);
  std::string lines;
  int waiting = 0;
  auto post = [&] {
    auto answer = connection.post("/v1/commands", "application/x-ndjson", lines);
    if (answer.status != 200 || count(answer.body, "\"status\":200") != static_cast<std::size_t>(waiting))
      fail("a line of a batch was not applied: " + answer.body.substr(0, 600));
    done += waiting;
    lines.clear();
    waiting = 0;
  };
  auto turns = static_cast<int>((options.events + options.accounts - 1) / options.accounts);
  for (int turn = 0; turn < turns; ++turn) {
    for (int account = first; account < options.accounts; account += options.connections) {
      lines += command_line(account, turn);
      if (++waiting == batch_lines) post();
    }
  }
  if (waiting > 0) post();
}

std::int64_t load(const std::string& http, const bench_options& options) {
  std::atomic<std::int64_t> done = 0;
  auto start = steady::now();
  std::vector<std::thread> threads;
  for (int at = 0; at < options.connections; ++at)
    threads.emplace_back(load_part, http, std::cref(options), at, std::ref(done));
  for (auto& each : threads) each.join();
  fmt::print("loaded      {} events in batches of {} over {} connections: {:.0f}/s\n", done.load(), batch_lines,
             options.connections, static_cast<double>(done) / seconds_since(start));
  std::fflush(stdout);
  return done;
}

struct command_output {
  std::string text;
  double seconds = 0;
};

command_output run_command(std::vector<std::string> command) {
  auto start = steady::now();
  child_process program(command);
  command_output output;
  for (auto line = program.read_line(); !line.empty(); line = program.read_line()) output.text += line + "\n";
  int code = program.wait();
  output.seconds = seconds_since(start);
  if (code != 0) fail(fmt::format("foldlog {} exited {}: {}", command[1], code, output.text.substr(0, 1000)));
  return output;
}

std::string member(const std::string& line, const std::string& name) {
  auto at = line.find("\"" + name + "\":");
  if (at == std::string::npos) fail("no " + name + " in " + line);
  at = line.find('"', at + name.size() + 3) + 1;
  return line.substr(at, line.find('"', at) - at);
}

/// `view digest` lines, to be compared.
std::string digests(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    auto line = text.substr(at, end - at);
    lines.push_back(member(line, "view") + " " + member(line, "digest") + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const auto& line : lines) all += line;
  return all;
}

int run(const bench_options& options) {
  print_machine();
  scratch_folder folder(options.folder);
  auto data = folder.path() + "/data", error_path = folder.path() + "/server.log";
  std::vector<std::string> serve{options.foldlog, "serve",   "--data",      data,    "--http",
                                 "127.0.0.1:0",   "--admin", "127.0.0.1:0", "--log", options.log};
  if (options.log != "embedded") serve.insert(serve.end(), {"--replicas", "1"});
  std::int64_t events = 0, balance = 0;
  {
    child_process server(serve, error_path);
    auto at = read_ready_line(server, error_path);
    events = load(at.http, options);
    auto caught_up = steady::now();
    wait_for_projections(at.admin, 600);
    fmt::print("live views  caught up {:.1f} s after the last answer\n", seconds_since(caught_up));
    auto totals = sum_accounts(at.http);
    if (totals.versions != events)
      fail(fmt::format("{} events were acknowledged, the view holds {}", events, totals.versions));
    balance = totals.balance;
    if (int code = server.stop(); code != 0) fail(fmt::format("the server exited {} after SIGTERM", code));
  }
  fmt::print("question    how fast does a replay fold {} events into the three views? (log={}, {} rounds)\n", events,
             options.log, options.rounds);
  auto live = run_command({options.foldlog, "dump", "--views", data}).text;
  std::vector<double> rates;
  std::string first;
  for (int round = 0; round < options.rounds; ++round) {
    auto into = fmt::format("{}/replay-{}", folder.path(), round);
    std::vector<std::string> replay{options.foldlog, "replay", "--log", options.log, "--data", data,
                                    "--into",        into,     "--json"};
    if (!options.threads.empty()) replay.insert(replay.end(), {"--threads", options.threads});
    auto output = run_command(replay);
    rates.push_back(static_cast<double>(events) / output.seconds);
    fmt::print("  round {}: {:.2f} s, {:.0f} events/s\n", round + 1, output.seconds, rates.back());
    std::fflush(stdout);
    auto found = digests(output.text);
    if (round == 0) first = found;
    if (found != first) fail("two replays gave other digests:\n" + first + found);
    if (run_command({options.foldlog, "dump", "--views", into}).text != live)
      fail("the rows of a replay are not those of the live views");
  }
  auto verify = run_command({options.foldlog, "verify", "--log", options.log, "--data", data, "--views", data});
  fmt::print("  verify with a fresh fold and a comparison of all rows: {:.0f} events/s\n",
             static_cast<double>(events) / verify.seconds);
  print_verdict(fmt::format("replay of {} events, the whole program", events), median(rates), ">=", 150'000,
                "events/s");
  fmt::print(
      "answers     every line a 200; {} rounds the same digests; every row that of the live views (balances {})\n{}",
      options.rounds, balance, first);
  return 0;
}

}  // namespace
}  // namespace foldlog::bench

int main(int argc, char** argv) {
  foldlog::bench::bench_options options;
  CLI::App app{"Events per second of `foldlog replay`. Exit: 0, or 1 when an answer, a row or a digest was wrong."};
  app.add_option("--log", options.log, "embedded, or kafka:host:port (a fresh broker)")->capture_default_str();
  app.add_option("--events", options.events)
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--accounts", options.accounts)->check(CLI::Range(1, 900'000))->capture_default_str();
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--threads", options.threads, "handed to replay");
  app.add_option("--foldlog", options.foldlog, "the program")->capture_default_str();
  app.add_option("--folder", options.folder, "where data goes: a real disk, not memory");
  CLI11_PARSE(app, argc, argv);
  return foldlog::bench::run(options);
}
