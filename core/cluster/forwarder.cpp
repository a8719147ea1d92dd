#include "core/cluster/forwarder.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/http/problem.h"

namespace foldlog {
namespace {

bool is_problem(const http::response& answer, http::problem_kind kind) {
  return answer.status == http::status_of(kind) &&
         answer.body.find(fmt::format(R"("/problems/{}")", http::name(kind))) != std::string::npos;
}

}  // namespace

struct forwarder::attempt : forward_request {
  int tries = 0;
  std::string tried;  ///< who was asked last: its instance ...
  std::string node;   ///< ... and name
  std::string why;
  bool waits = false;
  std::shared_ptr<void> timer;
  attempts::iterator place;
};

forwarder::forwarder(peer_calls& calls, alarm alarm, const clock& time, random_source random,
                     std::function<bool(const topic_partition&)> is_here, picker pick, forwarder_options options)
    : calls_(calls),
      alarm_(std::move(alarm)),
      time_(time),
      random_(std::move(random)),
      is_here_(std::move(is_here)),
      pick_(std::move(pick)),
      options_(options) {}

void forwarder::forward(forward_request wanted) {
  const auto made = std::make_shared<attempt>();
  static_cast<forward_request&>(*made) = std::move(wanted);
  const auto bytes = made->request.body.size();
  under_way_.push_back(made);
  made->place = std::prev(under_way_.end());
  bytes_ += bytes;
  if (under_way_.size() > options_.waiting_commands || bytes_ > options_.waiting_bytes) {
    made->timer = alarm_(
        {}, [this, made] { end(made, {.what = forward_outcome::kind::overloaded, .answer = {}, .reason = {}}); });
    return;
  }
  if (!made->order.empty()) {
    auto& line = orders_[made->order];
    line.push_back(made);
    if (line.size() > 1) return;
  }
  begin(made);
}

void forwarder::begin(const std::shared_ptr<attempt>& of) {
  if (pick_(of->at) != nullptr && !is_here_(of->at) && time_.monotonic() < of->until) return send(of);
  // Never from within the call: a caller that is told "here" would call again.
  of->timer = alarm_({}, [this, of] { send(of); });
}

void forwarder::send(const std::shared_ptr<attempt>& of) {
  of->waits = false;
  of->timer.reset();
  const auto now = time_.monotonic();
  if (is_here_(of->at)) return end(of, {.what = forward_outcome::kind::here, .answer = {}, .reason = {}});
  if (now >= of->until) {
    ++counts_.gave_up;
    return end(of, {.what = of->in_doubt ? forward_outcome::kind::in_doubt : forward_outcome::kind::no_owner,
                    .answer = {},
                    .reason = of->why.empty() ? "no node takes commands for the partition at present" : of->why});
  }
  const auto* owner = pick_(of->at);
  if (owner == nullptr) return wait(of, {});
  of->tried = owner->instance;
  of->node = owner->node;
  auto request = of->request;
  request.timeout =
      std::min(options_.attempt_timeout, std::chrono::duration_cast<std::chrono::milliseconds>(of->until - now));
  const bool sent =
      calls_.send(*owner, std::move(request), [this, of](http::incoming outcome) { take(of, std::move(outcome)); });
  if (!sent)
    wait(of, fmt::format("node {} at {}, which takes its commands, can't be reached", owner->node, owner->endpoint));
}

void forwarder::take(const std::shared_ptr<attempt>& of, http::incoming outcome) {
  if (!of->done) return;
  // The owner may have become none: then nothing was applied, or it can't tell, and another one will know.
  const bool answered = outcome.status == http::exchange_status::answered;
  const bool handed_over = answered && is_problem(outcome.answer, http::problem_kind::not_ready);
  const bool unknown = answered && is_problem(outcome.answer, http::problem_kind::outcome_unknown);
  if (answered && !handed_over && !unknown) {
    ++counts_.forwarded;
    return end(of, {.what = forward_outcome::kind::answered, .answer = std::move(outcome.answer), .reason = {}});
  }
  ++counts_.retries;
  if (handed_over) return wait(of, "the partition is being handed over to another node");
  if (unknown || outcome.status == http::exchange_status::broken) {
    of->in_doubt = true;
    if (unknown) outcome.reason = "the partition changed hands";
    if (!of->repeatable)
      return end(of, {.what = forward_outcome::kind::in_doubt, .answer = {}, .reason = outcome.reason});
  }
  wait(of, fmt::format("node {} does not answer: {}", of->node, outcome.reason));
}

void forwarder::wait(const std::shared_ptr<attempt>& of, std::string why) {
  if (!why.empty()) of->why = std::move(why);
  of->waits = true;
  const auto pause = full_jitter(of->tries++, options_.first_pause, options_.longest_pause, random_);
  const auto left = of->until - time_.monotonic();
  of->timer = alarm_(std::clamp(pause, std::chrono::nanoseconds{}, std::max(left, std::chrono::nanoseconds{})),
                     [this, of] { send(of); });
}

void forwarder::look_again() {
  const auto all = under_way_;
  for (const auto& one : all) {
    if (!one->waits) continue;
    const auto* owner = pick_(one->at);
    const bool another = owner != nullptr && owner->instance != one->tried;
    if (another || is_here_(one->at)) send(one);
  }
}

void forwarder::end(const std::shared_ptr<attempt>& of, forward_outcome outcome) {
  // `of` may live in the timer's or the answer's handler, which goes below.
  const auto kept = of;  // NOLINT(performance-unnecessary-copy-initialization)
  of->timer.reset();
  bytes_ -= of->request.body.size();
  under_way_.erase(of->place);
  std::shared_ptr<attempt> next;
  const auto line = orders_.find(of->order);
  if (line != orders_.end() && line->second.front() == of) {
    line->second.pop_front();
    if (line->second.empty())
      orders_.erase(line);
    else
      next = line->second.front();
  }
  auto done = std::move(kept->done);
  kept->done = nullptr;
  if (done) done(std::move(outcome));
  if (next) begin(next);
}

}  // namespace foldlog
