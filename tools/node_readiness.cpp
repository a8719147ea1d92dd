// What a node is ready for, and whom it tells.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/node_parts.h"
#include "tools/node_state.h"

namespace foldlog {

using namespace std::chrono_literals;

node_roles node::serves() const {
  if (stopping_ || !cluster_ || !cluster_->joined()) return {};
  return {.command = with_.roles.command && log_->health().writable,
          .query = with_.roles.query && caught_up_,
          .front = with_.roles.front};
}

// What others should know soon, and when the views have caught up for the first time.
void node::watch_readiness() {
  if (stopping_) return;
  if (!caught_up_ && with_.roles.query) {
    const auto entries = progress_.entries();
    caught_up_ = !entries.empty() && log_->health().readable &&
                 std::ranges::none_of(entries, [](const auto& one) { return one.state == fold_state::catching_up; });
  }
  if (const auto now = serves(); now != served_) {
    served_ = now;
    cluster_->announce();
  }
  readiness_timer_.expires_after(20ms);
  readiness_timer_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) watch_readiness();
  });
}

std::vector<readiness_check> node::checks() const {
  std::vector<readiness_check> all;
  const auto health = log_->health();
  all.push_back({"log", health.writable && health.readable ? "" : health.reason});
  std::string why;
  if (commands_) all.push_back({"commands", commands_->ready(why) ? "" : why});
  if (cluster_) all.push_back({"cluster", cluster_->joined() ? "" : "the other nodes are not known yet"});
  if (cluster_ && with_.roles.query && !has_all_roles(with_))
    all.push_back({"caught-up", caught_up_ ? "" : "the views have not reached the log's end yet"});
  const auto folding = runner_ ? runner_->health() : runner_health();
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

// A fold says how far it is after each step; what has come since then is behind too.
std::vector<progress::entry> node::folds() const {
  auto all = progress_.entries();
  for (auto& fold : all) {
    const auto topic = std::ranges::find(log_->topics(), fold.at.topic) - log_->topics().begin();
    const auto end = log_->end_offset({static_cast<std::uint32_t>(topic), fold.at.partition});
    if (end) fold.end = std::max(fold.end, *end);
  }
  return all;
}

bool node::ready() const {
  std::string why;
  if (commands_ && !commands_->ready(why)) return false;
  if (!cluster_) return true;
  return cluster_->joined() && (caught_up_ || !with_.roles.query || has_all_roles(with_));
}

// The line that a supervisor or a test waits for: all partitions serve, or the log is away and only reads can be had.
void node::announce_when_ready() {
  if (stopping_) return;
  if (ready() || !log_->health().writable) {
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

}  // namespace foldlog
