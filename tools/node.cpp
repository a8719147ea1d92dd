#include "tools/node.h"

#include <fmt/format.h>

#include "core/runtime/logging.h"
#include "core/store/view_layout.h"
#include "tools/node_parts.h"
#include "tools/node_state.h"
#include "tools/store_folders.h"

namespace foldlog {

using namespace std::chrono_literals;

namespace {

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

}  // namespace

result<void> node::open_parts() {
  std::error_code failed;
  std::filesystem::create_directories(with_.data, failed);
  if (failed)
    return fail(error_kind::unavailable,
                fmt::format("the folder {} can't be made: {}", with_.data.string(), failed.message()));
  auto log = open_node_log(with_, domains_, metrics_, loop_.get_executor());
  if (!log) return std::unexpected(log.error());
  log_ = std::move(*log);
  if (with_.roles.command) {
    if (auto opened = open_write_model(); !opened) return opened;
  }
  return with_.roles.query ? open_views() : result<void>();
}

result<void> node::open_write_model() {
  auto write_rows = open_store(
      {.folder = write_model_folder(with_.data),
       .write_ahead_log = false,
       .write_buffer_bytes = memtable_bytes,
       .expiring_prefix = std::string(write_model::expiring_prefix),
       .expired = [expiry = expiry_](std::string_view, std::string_view value) { return expiry->expired(value); }});
  if (!write_rows) return std::unexpected(write_rows.error());
  write_rows_ = std::move(*write_rows);
  return {};
}

result<void> node::open_views() {
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
  const auto main = [this](const http::request& of, http::responder answer) -> std::string_view {
    if (cluster_ && with_.roles.query && !with_.roles.command && !caught_up_ && !of.path.starts_with("/problems/") &&
        !of.path.starts_with("/v1/commands")) {
      answer(http::render(
          {.kind = http::problem_kind::not_ready, .detail = "this node has not caught up with the log yet"}));
      return {};
    }
    return routes_.handle(of, std::move(answer));
  };
  auto options = with_.edge;
  options.address = with_.http.host;
  options.port = with_.http.port;
  options.observe = [this](const http::served& one) {
    metrics_.observe_request(one.route, one.status, one.took);
    if (with_.access_log) log_access(one);
  };
  auto main_listener = http::start_server(loop_.get_executor(), options, main);
  if (!main_listener) return std::unexpected(main_listener.error());
  http_ = std::move(*main_listener);
  if (with_.https) {
    options.address = with_.https->host;
    options.port = with_.https->port;
    options.tls = with_.tls;
    auto tls_listener = http::start_server(loop_.get_executor(), options, main);
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

result<void> node::start() {
  if (auto opened = open_parts(); !opened) return opened;
  if (auto listening = listen(); !listening) return listening;
  if (auto joined = join_others(); !joined) return joined;
  if (with_.roles.command) begin_commands();
  if (auto added = add_routes(); !added) return added;
  if (commands_) {
    if (auto started = commands_->start(); !started) return started;
  }
  if (fold_) fold_->start();
  if (cluster_) {
    cluster_->start(commands_.get(), [this](const error& why) {
      refused_ = why;
      stop();
    });
    watch_readiness();
  }
  signals_.async_wait([this](const boost::system::error_code& failed, int) {
    if (!failed) stop();
  });
  announce_when_ready();
  keep_house();
  return {};
}

// Nothing is joined where nobody else can be.
result<void> node::join_others() {
  const auto at = with_.advertise.empty() ? fmt::format("{}:{}", with_.http.host, http_->port()) : with_.advertise;
  name_ = with_.node.empty() ? machine_name() : with_.node;
  if (log_->exclusive()) return {};
  if (with_.node.empty()) name_ += fmt::format(":{}", http_->port());
  auto parts =
      open_cluster(log_options_of(with_, domains_, metrics_), "foldlog." + with_.cluster, loop_.get_executor());
  if (!parts) return std::unexpected(parts.error());
  cluster_ = std::make_unique<node_cluster>(std::move(*parts),
                                            node_cluster::surroundings{.with = with_,
                                                                       .log = *log_,
                                                                       .executor = loop_.get_executor(),
                                                                       .time = time_,
                                                                       .random = random_,
                                                                       .node = name_,
                                                                       .endpoint = "http://" + at,
                                                                       .serves = [this] { return serves(); },
                                                                       .load = [this] { return under_way(); }});
  return {};
}

void node::begin_commands() {
  const auto partitions = domains_.topics().size() * static_cast<std::size_t>(log_->partitions());
  command_service_options options{.owner = make_owner_options(with_, partitions),
                                  .command_timeout = with_.command_timeout};
  options.owner.node = name_;
  options.owner.check_event = make_event_check(domains_.schemas());
  options.owner.endpoint = fmt::format(
      "http://{}", with_.advertise.empty() ? fmt::format("{}:{}", with_.http.host, http_->port()) : with_.advertise);
  if (cluster_) {
    options.shared_out = true;
    options.owner.deposed_pause = 1s;  // the group does not name two: a claim too many was made by one that is leaving
    options.changed = [this](partition_id at) { cluster_->partition_changed(at); };
  }
  commands_ = std::make_unique<command_service>(*log_, *write_rows_, loop_.get_executor(), time_, random_, options);
  for (const auto& domain : domains_.all()) {
    for (const auto& category : domain.categories()) commands_->add(*category);
  }
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

// Command ids that have left the window everywhere may be dropped from disk.
void node::keep_house() {
  if (!commands_) return;
  if (const auto time_us = commands_->log_time_us()) expiry_->log_time(*time_us);
  house_timer_.expires_after(10s);
  house_timer_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) keep_house();
  });
}

// What others can take over goes first, then new connections end, the requests under way, what they wait for.
void node::stop() {
  if (std::exchange(stopping_, true)) return;
  log(log_level::info, "stopping: no new requests, those under way end");
  announce_timer_.cancel();
  house_timer_.cancel();
  hangups_.cancel();
  readiness_timer_.cancel();
  if (cluster_ && !refused_) return cluster_->leave(with_.drain_timeout, [this] { stop_listening(); });
  stop_listening();
}

void node::stop_listening() {
  const auto end = [this] { admin_->stop(1s, [this] { close(); }); };
  const auto then = [this, end] {
    if (!commands_) return end();
    commands_->drain(with_.drain_timeout, end);
  };
  http_->stop(with_.drain_timeout, [this, then] { https_ ? https_->stop(with_.drain_timeout, then) : then(); });
}

void node::close() {
  if (fold_) fold_->stop();
  if (cluster_) cluster_->close();
  if (commands_) commands_->stop();
  log_->close();
  for (auto* rows : {write_rows_.get(), view_rows_.get()}) {
    if (rows == nullptr) continue;
    if (auto flushed = rows->flush(); !flushed)
      log(log_level::warning, "a store was not flushed", {{"reason", flushed.error().text}});
  }
  log(log_level::info, "stopped");
  loop_.stop();
}

result<void> serve(const configuration& with, const domain_set& domains) {
  node running(with, domains);
  if (auto started = running.start(); !started) return started;
  return running.run();
}

}  // namespace foldlog
