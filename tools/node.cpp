#include "tools/node.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <limits>
#include <map>

#include "command/append_routes.h"
#include "command/command_routes.h"
#include "core/base/names.h"
#include "core/http/server.h"
#include "core/log/open_log.h"
#include "core/runtime/logging.h"
#include "core/store/view_layout.h"
#include "projections/fold_thread.h"
#include "query/query_routes.h"
#include "tools/admin_routes.h"
#include "tools/contract.h"
#include "tools/contract_routes.h"
#include "tools/deprecated_route.h"
#include "tools/node_metrics.h"
#include "tools/problem_routes.h"
#include "tools/schema_routes.h"
#include "tools/store_folders.h"

namespace foldlog {
namespace {

using namespace std::chrono_literals;

// Small enough to stay in the caches of a core: inserting into 64 MiB costs a third more.
constexpr std::size_t memtable_bytes = 16U << 20;

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("node");
}

result<std::unique_ptr<event_log>> open_node_log(const configuration& with, const domain_set& domains,
                                                 node_metrics& metrics, boost::asio::any_io_executor executor) {
  log_options options{.location = with.log,
                      .data = with.data,
                      .topics = domains.topics(),
                      .partitions = with.partitions.value_or(8),
                      .replicas = with.replicas,
                      .probe = metrics.probe(),
                      .kafka_settings = with.kafka_settings};
  auto opened = open_log(options, executor);
  if (opened || with.partitions || opened.error().kind != error_kind::conflict) return opened;
  options.partitions = 0;  // nobody asked for a count: the recorded one will do
  auto as_recorded = open_log(options, executor);
  return as_recorded ? std::move(as_recorded) : std::move(opened);
}

// Rows of the write model that no rebuild would keep: command ids older than the window, in the log time of their
// partition's store.
class expiry {
 public:
  explicit expiry(std::chrono::seconds window) : window_us_(std::chrono::microseconds(window).count()) {}
  void log_time(std::int64_t time_us) { oldest_ = time_us - window_us_; }
  [[nodiscard]] bool expired(std::string_view value) const {
    const auto time = write_model::remembered_time_us(value);
    return time && *time < oldest_.load(std::memory_order_relaxed);
  }

 private:
  std::int64_t window_us_;
  std::atomic<std::int64_t> oldest_ = std::numeric_limits<std::int64_t>::min();
};

owner_options make_owner_options(const configuration& with, std::size_t partitions) {
  owner_options options;
  options.node = with.node.empty() ? machine_name() : with.node;
  options.hot_bytes = std::max<std::size_t>((128U << 20) / std::max<std::size_t>(partitions, 1), 1U << 20);
  options.window_age = with.idempotency_window;
  options.window_commands = with.idempotency_commands;
  return options;
}

// Events against the newest schemas, each type looked up once.
auto make_event_check(const schema_registry& schemas) {
  return [&schemas, known = std::map<std::string, const validator*, std::less<>>()](
             std::string_view type, json::element data) mutable -> result<void> {
    auto found = known.find(type);
    if (found == known.end()) {
      const auto parsed = event_type::parse(type);
      const auto* schema = parsed ? schemas.find(parsed->domain, parsed->event, parsed->schema_version) : nullptr;
      found = known.emplace(type, schema).first;
    }
    if (found->second == nullptr || found->second->is_valid(data)) return {};
    const auto broken = found->second->validate(data).front();
    return fail(error_kind::internal,
                fmt::format("the decider made a {} that breaks {} at '{}'", type, broken.keyword, broken.pointer));
  };
}

// Names and numbers only: a path has keys in it, and a body is nobody's business here.
void log_access(const http::served& one) {
  log(log_level::info, "request",
      {{"client", one.client},
       {"method", http::name(one.asked)},
       {"route", one.route},
       {"status", one.status},
       {"body_bytes", static_cast<std::uint64_t>(one.body_bytes)},
       {"took_us", std::chrono::duration_cast<std::chrono::microseconds>(one.took).count()}});
}

// All parts of a running node. Made in the order of the members, ended in the order of stop().
class node {
 public:
  node(const configuration& with, const domain_set& domains) : with_(with), domains_(domains) {}

  result<void> start();
  void run() { loop_.run(); }

 private:
  result<void> open_parts();
  result<void> listen();
  result<void> add_routes();
  void describe_routes();
  void reload_tls_on_hangup();
  void announce_when_ready();
  void keep_house();
  void stop();
  void close();
  std::vector<readiness_check> checks() const;

  const configuration& with_;
  const domain_set& domains_;
  boost::asio::io_context loop_{1};
  system_clock time_;
  random_source random_ = system_random();
  node_metrics metrics_;
  std::shared_ptr<expiry> expiry_;
  std::unique_ptr<event_log> log_;
  std::unique_ptr<store> write_rows_;
  std::unique_ptr<store> view_rows_;
  progress progress_;
  std::unique_ptr<runner> runner_;
  std::unique_ptr<fold_thread> fold_;
  http::router routes_;
  http::router admin_routes_;
  std::shared_ptr<contract_documents> contracts_ = std::make_shared<contract_documents>();
  std::unique_ptr<http::server> http_;
  std::unique_ptr<http::server> https_;  // none: no TLS listener
  std::unique_ptr<http::server> admin_;
  std::unique_ptr<command_service> commands_;
  std::unique_ptr<command_context_of_routes> command_routes_;
  boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT};
  boost::asio::signal_set hangups_{loop_};
  boost::asio::steady_timer announce_timer_{loop_};
  boost::asio::steady_timer house_timer_{loop_};
  bool stopping_ = false;
};

result<void> node::open_parts() {
  std::error_code failed;
  std::filesystem::create_directories(with_.data, failed);
  if (failed)
    return fail(error_kind::unavailable,
                fmt::format("the folder {} can't be made: {}", with_.data.string(), failed.message()));
  auto log = open_node_log(with_, domains_, metrics_, loop_.get_executor());
  if (!log) return std::unexpected(log.error());
  log_ = std::move(*log);
  expiry_ = std::make_shared<expiry>(with_.idempotency_window);
  auto write_rows = open_store(
      {.folder = write_model_folder(with_.data),
       .write_ahead_log = false,
       .write_buffer_bytes = memtable_bytes,
       .expiring_prefix = std::string(write_model::expiring_prefix),
       .expired = [expiry = expiry_](std::string_view, std::string_view value) { return expiry->expired(value); }});
  if (!write_rows) return std::unexpected(write_rows.error());
  write_rows_ = std::move(*write_rows);
  auto view_rows = open_store(
      {.folder = views_folder(with_.data), .write_buffer_bytes = memtable_bytes, .expiring_prefix = {}, .expired = {}});
  if (!view_rows) return std::unexpected(view_rows.error());
  view_rows_ = std::move(*view_rows);
  runner_ = std::make_unique<runner>(*log_, *view_rows_, domains_.projections(), progress_, time_,
                                     runner_options{.fold = {.store_records = !log_->exclusive()}, .partitions = {}});
  fold_ = std::make_unique<fold_thread>(*runner_);
  return {};
}

result<void> node::listen() {
  const auto routed = [](const http::router& routes) {
    return [&routes](const http::request& of, http::responder answer) { return routes.handle(of, std::move(answer)); };
  };
  auto options = with_.edge;
  options.address = with_.http.host;
  options.port = with_.http.port;
  options.observe = [this](const http::served& one) {
    metrics_.observe_request(one.route, one.status, one.took);
    if (with_.access_log) log_access(one);
  };
  auto main_listener = http::start_server(loop_.get_executor(), options, routed(routes_));
  if (!main_listener) return std::unexpected(main_listener.error());
  http_ = std::move(*main_listener);
  if (with_.https) {
    options.address = with_.https->host;
    options.port = with_.https->port;
    options.tls = with_.tls;
    auto tls_listener = http::start_server(loop_.get_executor(), options, routed(routes_));
    if (!tls_listener) return std::unexpected(tls_listener.error());
    https_ = std::move(*tls_listener);
    reload_tls_on_hangup();
  }
  auto admin_listener = http::start_server(
      loop_.get_executor(), {.address = with_.admin.host, .port = with_.admin.port}, routed(admin_routes_));
  if (!admin_listener) return std::unexpected(admin_listener.error());
  admin_ = std::move(*admin_listener);
  return {};
}

result<void> node::add_routes() {
  command_routes_.reset(new command_context_of_routes{.service = *commands_,
                                                      .schemas = domains_.schemas(),
                                                      .time = time_,
                                                      .random = random_,
                                                      .partitions = log_->partitions(),
                                                      .batch_commands = with_.batch_commands});
  command_routes_->observe = [this](const command_observation& seen) { metrics_.observe_command(seen); };
  add_command_routes(routes_, *command_routes_);
  for (const auto& domain : domains_.all()) {
    if (domain.is_decided_by_clients()) add_append_routes(routes_, *command_routes_, domain.name());
  }
  query::add_query_routes(routes_, {.model = domains_.read_model(),
                                    .views = view_rows_.get(),
                                    .log = log_.get(),
                                    .progress = &progress_,
                                    .executor = loop_.get_executor(),
                                    .store_generation = [this] { return view_rows_->generation(); }});
  add_problem_routes(routes_);
  add_schema_routes(routes_, domains_.schemas());
  add_contract_routes(routes_, contracts_);
  add_admin_routes(admin_routes_,
                   {.checks = [this] { return checks(); },
                    .metrics = [this] { return metrics_.render(commands_->counters(), progress_.entries()); },
                    .partitions = [this] { return commands_->partitions(); },
                    .projections = [this] { return progress_.entries(); }});
  if (auto marked = mark_deprecated(routes_, with_.deprecated_routes); !marked) return marked;
  describe_routes();
  return {};
}

void node::describe_routes() {
  const contract_source source{.domains = domains_,
                               .routes = routes_.entries(),
                               .admin_routes = admin_routes_.entries(),
                               .admin_url = fmt::format("http://{}:{}", with_.admin.host, admin_->port()),
                               .log = with_.log,
                               .partitions = log_->partitions(),
                               .replicas = with_.log == "embedded" ? 1 : with_.replicas};
  auto described = make_openapi(source);
  for (const auto& route : described.missing) log(log_level::error, "openapi.json lacks a route", {{"route", route}});
  contracts_->openapi = std::move(described.text);
  contracts_->asyncapi = make_asyncapi(source);
}

result<void> node::start() {
  if (auto opened = open_parts(); !opened) return opened;
  if (auto listening = listen(); !listening) return listening;
  const auto partitions = domains_.topics().size() * static_cast<std::size_t>(log_->partitions());
  auto options = make_owner_options(with_, partitions);
  options.check_event = make_event_check(domains_.schemas());
  options.endpoint = fmt::format("http://{}:{}", with_.http.host, http_->port());
  commands_ = std::make_unique<command_service>(
      *log_, *write_rows_, loop_.get_executor(), time_, random_,
      command_service_options{.owner = options, .command_timeout = with_.command_timeout});
  for (const auto& domain : domains_.all()) {
    for (const auto& category : domain.categories()) commands_->add(*category);
  }
  if (auto added = add_routes(); !added) return added;
  if (auto started = commands_->start(); !started) return started;
  fold_->start();
  signals_.async_wait([this](const boost::system::error_code& failed, int) {
    if (!failed) stop();
  });
  announce_when_ready();
  keep_house();
  return {};
}

std::vector<readiness_check> node::checks() const {
  std::vector<readiness_check> all;
  const auto health = log_->health();
  all.push_back({"log", health.writable && health.readable ? "" : health.reason});
  std::string why;
  all.push_back({"commands", commands_->ready(why) ? "" : why});
  const auto folding = runner_->health();
  std::string halted = folding.working ? "" : folding.reason;
  for (const auto& entry : progress_.entries()) {
    if (entry.state != fold_state::halted) continue;
    halted = fmt::format("{}/{} is halted in {}/{}: {}", entry.domain, entry.view, entry.at.topic, entry.at.partition,
                         entry.reason);
    break;
  }
  all.push_back({"projections", halted});
  if (stopping_) all.push_back({"running", "the node is stopping"});
  return all;
}

// A renewed certificate is taken by the connections that come from then on; a bad one leaves the old in use.
void node::reload_tls_on_hangup() {
  if (https_ == nullptr || stopping_) return;
  boost::system::error_code ignored;
  hangups_.add(SIGHUP, ignored);
  hangups_.async_wait([this](const boost::system::error_code& failed, int) {
    if (failed) return;
    if (const auto read = https_->reload_tls(); read) {
      log(log_level::info, "the TLS certificate was read again");
    } else {
      log(log_level::error, "the TLS certificate stays as it was", {{"cause", read.error().text}});
    }
    reload_tls_on_hangup();
  });
}

// The line that a supervisor or a test waits for: all partitions serve, or the log is away and only reads can be had.
void node::announce_when_ready() {
  std::string why;
  if (stopping_) return;
  if (commands_->ready(why) || !log_->health().writable) {
    const auto https = https_ ? fmt::format(" https={}:{}", with_.https->host, https_->port()) : "";
    fmt::print("ready http={}:{} admin={}:{} log={}{}\n", with_.http.host, http_->port(), with_.admin.host,
               admin_->port(), with_.log, https);
    std::fflush(stdout);
    return;
  }
  announce_timer_.expires_after(2ms);
  announce_timer_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) announce_when_ready();
  });
}

// Command ids that have left the window everywhere may be dropped from disk.
void node::keep_house() {
  if (const auto time_us = commands_->log_time_us()) expiry_->log_time(*time_us);
  house_timer_.expires_after(10s);
  house_timer_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) keep_house();
  });
}

// New connections end first, then the requests under way, then what they wait for.
void node::stop() {
  stopping_ = true;
  log(log_level::info, "stopping: no new requests, those under way end");
  announce_timer_.cancel();
  house_timer_.cancel();
  hangups_.cancel();
  const auto then = [this] {
    commands_->drain(with_.drain_timeout, [this] { admin_->stop(1s, [this] { close(); }); });
  };
  http_->stop(with_.drain_timeout, [this, then] { https_ ? https_->stop(with_.drain_timeout, then) : then(); });
}

void node::close() {
  fold_->stop();
  commands_->stop();
  log_->close();
  for (auto* rows : {write_rows_.get(), view_rows_.get()}) {
    if (auto flushed = rows->flush(); !flushed)
      log(log_level::warning, "a store was not flushed", {{"reason", flushed.error().text}});
  }
  log(log_level::info, "stopped");
  loop_.stop();
}

}  // namespace

result<void> serve(const configuration& with, const domain_set& domains) {
  node running(with, domains);
  if (auto started = running.start(); !started) return started;
  running.run();
  return {};
}

}  // namespace foldlog
