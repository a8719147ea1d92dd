#pragma once

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <optional>

#include "command/command_routes.h"
#include "core/http/server.h"
#include "core/runtime/logging.h"
#include "core/store/view_layout.h"
#include "projections/fold_thread.h"
#include "tools/admin_routes.h"
#include "tools/contract_routes.h"
#include "tools/node_cluster.h"
#include "tools/node_metrics.h"
#include "tools/node_parts.h"

namespace foldlog {

/// All parts of a running node. Made in the order of the members, ended in the order of stop().
class node {
 public:
  node(const configuration& with, const domain_set& domains) : with_(with), domains_(domains) {}

  result<void> start();
  result<void> run() {
    loop_.run();
    return refused_ ? std::unexpected(*refused_) : result<void>();
  }

 private:
  result<void> open_parts();
  result<void> open_write_model();
  result<void> open_views();
  result<void> listen();
  result<void> add_routes();
  void add_command_side();
  void add_query_side();
  void describe_routes();
  void reload_tls_on_hangup();
  result<void> join_others();
  void begin_commands();
  void watch_readiness();
  void announce_when_ready();
  void keep_house();
  [[nodiscard]] node_roles serves() const;
  [[nodiscard]] std::size_t under_way() const { return http_->under_way() + (https_ ? https_->under_way() : 0); }
  [[nodiscard]] bool ready() const;
  void stop();
  void stop_listening();
  void close();
  std::vector<readiness_check> checks() const;
  std::vector<progress::entry> folds() const;

  const configuration& with_;
  const domain_set& domains_;
  boost::asio::io_context loop_{1};
  system_clock time_;
  random_source random_ = system_random();
  node_metrics metrics_;
  std::shared_ptr<expiry> expiry_ = std::make_shared<expiry>(with_.idempotency_window);
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

  // On a log that others use too.
  std::string name_;
  std::unique_ptr<node_cluster> cluster_;
  boost::asio::steady_timer readiness_timer_{loop_};
  bool caught_up_ = false;  ///< every view has been at the log's end once
  node_roles served_;       ///< as announced
  std::optional<error> refused_;
};

}  // namespace foldlog
