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
#include "query/query_routes.h"
#include "tools/admin_routes.h"
#include "tools/node_cluster.h"
#include "tools/node_metrics.h"
#include "tools/node_parts.h"
#include "tools/problem_routes.h"
#include "tools/store_folders.h"

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
  void add_routes();
  void reload_tls_on_hangup();
  result<void> join_others();
  void begin_commands();
  void watch_readiness();
  void announce_when_ready();
  void keep_house();
  [[nodiscard]] node_roles serves() const;
  [[nodiscard]] bool ready() const;
  void stop();
  void stop_listening();
  void close();
  std::vector<readiness_check> checks() const;

  const configuration& with_;
  const domain_set& domains_;
  boost::asio::io_context loop_{1};

}  // namespace foldlog
