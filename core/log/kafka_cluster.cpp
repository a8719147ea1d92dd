#include "core/log/kafka_cluster.h"

#include <fmt/format.h>

#include "core/runtime/logging.h"

namespace foldlog {
namespace {

constexpr std::chrono::milliseconds look_patience{2000};
constexpr std::chrono::milliseconds leader_patience{5000};
constexpr std::chrono::milliseconds probe_patience{1000};
constexpr std::chrono::milliseconds probe_interval{1000};
constexpr std::chrono::milliseconds retry_interval{200};
constexpr std::chrono::seconds failure_memory{5};
constexpr int probes_until_gone = 3;  // a broker that just came back may not know every topic at once

}  // namespace

kafka_cluster::kafka_cluster(const log_options& options, kafka_admin admin, std::shared_ptr<kafka_ends> ends,
                             std::function<void()> before_ready, std::function<void()> news)
    : options_(options),
      admin_(std::move(admin)),
      ends_(std::move(ends)),
      before_ready_(std::move(before_ready)),
      news_(std::move(news)),
      partitions_(options.partitions) {}

kafka_cluster::~kafka_cluster() { stop(); }

result<void> kafka_cluster::start(std::chrono::milliseconds first_contact) {
  thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, first_contact, [&] { return contact_ || first_; })) {
    return fail(error_kind::unavailable, health_.reason);
  }
  changed_.wait_for(lock, leader_patience * 2, [&] { return first_.has_value(); });
  return first_ ? *first_ : fail(error_kind::unavailable, health_.reason);
}

void kafka_cluster::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

log_health kafka_cluster::health() const {
  const std::lock_guard lock(mutex_);
  const bool failing = failing_ && std::chrono::steady_clock::now() - failed_at_ < failure_memory;
  if (!failing || !health_.writable) return health_;
  return {false, health_.readable, failure_};
}

void kafka_cluster::acknowledged() {
  silent_probes_ = 0;
  if (failing_.exchange(false)) log(log_level::info, "appends to Kafka succeed again", {{"log", options_.location}});
}

void kafka_cluster::failed(const error& why) {
  {
    const std::lock_guard lock(mutex_);
    failed_at_ = std::chrono::steady_clock::now();
    failure_ = why.text;
  }
  if (!failing_.exchange(true)) {
    log(log_level::warning, "an append to Kafka failed", {{"log", options_.location}, {"reason", why.text}});
  }
  nudge();
}

bool kafka_cluster::is_ready() const {
  const std::lock_guard lock(mutex_);
  return ready_;
}

std::int32_t kafka_cluster::partitions() const {
  const std::lock_guard lock(mutex_);
  return partitions_;
}

std::optional<error> kafka_cluster::refusal() const {
  const std::lock_guard lock(mutex_);
  if (ready_ && reachable_) return std::nullopt;
  return error{error_kind::unavailable, health_.reason};
}

void kafka_cluster::nudge() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_all();
}

void kafka_cluster::run() {
  while (true) {
    const auto seen = establish();
    if (seen) before_ready_();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      ready_ = seen.has_value();
      if (seen && !seen->topics.empty()) {
        partitions_ = static_cast<std::int32_t>(seen->topics.front().partitions.size());
      }
    }
    if (seen) {
      news_();
      judge(*seen);
    } else {
      publish({false, false, seen.error().text}, false);
    }
    tell_first(seen ? result<void>{} : std::unexpected(seen.error()));
    if (seen) break;
    if (!pause(seen.error().kind == error_kind::unavailable ? retry_interval : probe_interval)) return;
  }
  while (pause(probe_interval)) probe();
}

void kafka_cluster::tell_first(result<void> outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (contact_ && !first_) first_ = std::move(outcome);
  }
  changed_.notify_all();
}

result<kafka_cluster_view> kafka_cluster::establish() {
  auto seen = admin_.look(options_, look_patience);
  if (!seen) return std::unexpected(seen.error());
  {
    const std::lock_guard lock(mutex_);
    contact_ = true;
  }
  changed_.notify_all();
  for (const auto& topic : seen->topics) {
    if (!topic.exists && (options_.read_only || !options_.create)) {
      return fail(error_kind::not_found, fmt::format("{} has no topic {}", options_.location, topic.name));
    }
  }
  if (auto created = admin_.create_missing(options_, *seen); !created) return std::unexpected(created.error());
  return examine();
}

result<kafka_cluster_view> kafka_cluster::examine() {
  auto seen = admin_.wait_for_leaders(options_, leader_patience);
  if (!seen) return seen;
  const auto differences = admin_.compare(options_, *seen);
  if (!differences) return std::unexpected(differences.error());
  if (!differences->empty()) {
    std::string text;
    for (const auto& each : *differences) text += (text.empty() ? "" : "; ") + each.text();
    return fail(error_kind::conflict, std::move(text));
  }
  for (std::uint32_t topic = 0; topic < seen->topics.size(); ++topic) {
    for (const auto& partition : seen->topics[topic].partitions) {
      const auto end = admin_.end_of(options_.topics[topic], partition.number, look_patience);
      if (!end) return std::unexpected(end.error());
      ends_->raise({topic, partition.number}, *end);
    }
  }
  return seen;
}

void kafka_cluster::probe() {
  const auto seen = admin_.look(options_, probe_patience);
  if (seen) {
    judge(*seen);
    return;
  }
  if (++silent_probes_ < 2) return nudge();  // a busy machine misses one; an acknowledged append counts as an answer
  publish({false, false, seen.error().text}, false);
}

void kafka_cluster::judge(const kafka_cluster_view& seen) {
  log_health now;
  note_missing(seen);
  const auto needed = static_cast<std::size_t>(min_insync_of(options_.replicas));
  for (const auto& topic : seen.topics) {
    if (!topic.exists) {
      now = {false, false, fmt::format("the topic {} does not exist any more", topic.name)};
      break;
    }
    for (const auto& partition : topic.partitions) {
      if (!partition.has_leader) {
        now = {false, false, fmt::format("{}/{} has no leader", topic.name, partition.number)};
      } else if (partition.in_sync < needed && now.writable) {
        now.writable = false;
        now.reason = fmt::format("{}/{} has {} in-sync replica(s) and needs {}", topic.name, partition.number,
                                 partition.in_sync, needed);
      }
    }
  }
  silent_probes_ = 0;
  publish(std::move(now), true);
}

void kafka_cluster::note_missing(const kafka_cluster_view& seen) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    missing_probes_.resize(seen.topics.size());
    for (std::size_t n = 0; n < seen.topics.size(); ++n) {
      missing_probes_[n] = seen.topics[n].exists ? 0 : missing_probes_[n] + 1;
      news = news || missing_probes_[n] == probes_until_gone;
    }
  }
  if (news) news_();
}

bool kafka_cluster::is_gone(std::uint32_t topic) const {
  const std::lock_guard lock(mutex_);
  return topic < missing_probes_.size() && missing_probes_[topic] >= probes_until_gone;
}

void kafka_cluster::publish(log_health now, bool reachable) {
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    changed = now.reason != health_.reason;
    reachable_ = reachable;
    health_ = now;
  }
  if (!changed) return;
  if (now.reason.empty()) {
    log(log_level::info, "Kafka is well", {{"log", options_.location}});
  } else {
    log(log_level::warning, "Kafka is not well", {{"log", options_.location}, {"reason", now.reason}});
  }
}

bool kafka_cluster::pause(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, longest, [&] { return stopping_ || nudged_; });
  nudged_ = false;
  return !stopping_;
}

}  // namespace foldlog
