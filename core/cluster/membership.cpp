#include "core/cluster/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/runtime/logging.h"

namespace foldlog {
namespace {

constexpr std::chrono::milliseconds soon{2};            // news that come together are told together
constexpr std::chrono::milliseconds answer_within{50};  // to a newcomer, spread by chance
constexpr std::size_t answered_max = 1000;              // a program that is started again and again

}  // namespace

membership::membership(node_board& board, std::function<announcement()> describe, alarm alarm, const clock& time,
                       random_source random, membership_options options)
    : board_(board),
      describe_(std::move(describe)),
      alarm_(std::move(alarm)),
      time_(time),
      random_(std::move(random)),
      options_(options) {}

void membership::join(std::function<void(result<void>)> heard) {
  heard_ = std::move(heard);
  self_ = describe_();
  board_.read([this](std::string_view key, std::string_view text) { hear(key, text); });
  announce();
  keep_time();
}

bool membership::alone() const {
  return std::ranges::none_of(peers_.live(), [&](const auto& each) {
    return each.second.says.roles.command && each.second.says.instance != self_.instance;
  });
}

// ---- telling

void membership::announce_soon() {
  if (announce_timer_ || left_ || !heard_) return;
  announce_timer_ = alarm_(soon, [this] { announce(); });
}

void membership::announce() {
  announce_timer_.reset();
  if (left_) return;
  self_ = describe_();
  announced_ = time_.monotonic();
  board_.post(self_.node, self_.text());
  if (came_in_ && peers_.hear(self_, announced_)) tell();
}

// As long as the board has not shown the own first note it is posted again and again: there may be no board yet.
void membership::keep_time() {
  const auto tick = options_.interval / 4;
  interval_timer_ = alarm_(tick, [this] { keep_time(); });
  const auto now = time_.monotonic();
  if (now - announced_ >= (came_in_ ? std::chrono::nanoseconds(options_.interval) : tick)) announce();
  if (joined_ && peers_.expire(now)) tell();
}

void membership::leave() {
  if (std::exchange(left_, true)) return;
  announce_timer_.reset();
  listen_timer_.reset();
  interval_timer_.reset();
  board_.post(self_.node, {});
}

// ---- hearing

void membership::hear(std::string_view key, std::string_view text) {
  if (left_) return;
  if (text.empty()) {
    if (came_in_ && key != self_.node && peers_.remove(key)) tell();
    return;
  }
  auto said = announcement::parse(key, text);
  if (said && said->instance == self_.instance) return hear_own(*said);
  if (!came_in_) return;  // it stood there before us: perhaps of one that is gone
  if (!said) return refuse(said.error());
  if (const auto conflict = conflict_with(*said)) {
    name_is_taken_ = key == self_.node;
    // A newcomer must hear of this node while it listens, also when that has just announced itself; those that are in
    // already do not answer each other for ever.
    if (joined_ && answered_.size() >= answered_max) answered_.clear();
    if (joined_ && answered_.insert(said->instance).second) announce_soon();
    return refuse(*conflict);
  }
  if (said->cluster == self_.cluster) hear_other(std::move(*said));
}

void membership::hear_own(const announcement& own) {
  if (std::exchange(came_in_, true)) return;
  peers_.hear(own, time_.monotonic());
  listen_timer_ = alarm_(options_.listening, [this] { finish_listening(); });
}

void membership::hear_other(announcement other) {
  const bool is_new = peers_.find(other.node) == nullptr;
  const auto name = other.node;
  const bool changed = peers_.hear(std::move(other), time_.monotonic());
  if (is_new) {
    log(log_level::info, "a node came", {{"node", name}});
    const auto wait = std::chrono::nanoseconds(answer_within).count();
    if (!announce_timer_) {
      announce_timer_ =
          alarm_(std::chrono::nanoseconds(random_() % static_cast<std::uint64_t>(wait)), [this] { announce(); });
    }
  }
  if (changed) tell();
}

std::optional<error> membership::conflict_with(const announcement& other) const {
  if (other.cluster == self_.cluster && other.node == self_.node) {
    return error{error_kind::conflict,
                 fmt::format("a living node has the name {} already, at {}: give this one another "
                             "with --node",
                             other.node, other.endpoint)};
  }
  const auto shared = std::ranges::find_first_of(other.topics, self_.topics);
  if (shared == other.topics.end()) return std::nullopt;
  if (other.cluster != self_.cluster) {
    return error{error_kind::conflict,
                 fmt::format("the cluster '{}' (node {} at {}) works on the topic {} already; this "
                             "node is of the cluster '{}'",
                             other.cluster, other.node, other.endpoint, *shared, self_.cluster)};
  }
  if (other.partitions != self_.partitions && self_.partitions != 0) {
    return error{error_kind::conflict, fmt::format("node {} at {} counts {} partitions of {}, this one {}", other.node,
                                                   other.endpoint, other.partitions, *shared, self_.partitions)};
  }
  return std::nullopt;
}

// A newcomer does not come in; one that is in already does not listen to the other.
void membership::refuse(const error& why) {
  ++refused_;
  if (joined_) return log(log_level::warning, "a note was refused", {{"reason", why.text}});
  if (why.kind != error_kind::conflict) return;
  listen_timer_.reset();
  const auto heard = heard_;
  left_ = true;
  announce_timer_.reset();
  interval_timer_.reset();
  if (!name_is_taken_) board_.post(self_.node, {});
  // Later: whoever hears it may end the board, which is in the middle of telling.
  listen_timer_ = alarm_({}, [heard, why] { heard(std::unexpected(why)); });
}

void membership::finish_listening() {
  listen_timer_.reset();
  joined_ = true;
  heard_({});
  tell();
}

void membership::tell() {
  if (!joined_ || left_) return;
  for (const auto& each : changed_) each();
}

}  // namespace foldlog
