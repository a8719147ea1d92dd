#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/cluster/peer_calls.h"
#include "core/runtime/alarm.h"

namespace foldlog {

/// Marks a request that another node has passed on: it is not passed on again.
constexpr std::string_view forwarded_field = "Foldlog-Forwarded";

struct forwarder_options {
  std::size_t waiting_commands = 20'000;  ///< beyond it: overloaded
  std::size_t waiting_bytes = 32U << 20;
  std::chrono::milliseconds attempt_timeout{3'000};  ///< then it is sent again; it is the same command
  std::chrono::milliseconds first_pause{10};         ///< between two attempts, with full jitter, doubled ...
  std::chrono::milliseconds longest_pause{500};      ///< ... up to this
};

/// How a command ended that was passed on.
struct forward_outcome {
  enum class kind : std::uint8_t {
    answered,    ///< by the owner
    here,        ///< this node owns the partition now
    overloaded,  ///< too many wait: certainly not applied
    no_owner,    ///< nobody took it in time: certainly not applied
    in_doubt,    ///< sent, and never answered: it may have been applied
  } what = kind::no_owner;
  http::response answer;  ///< answered
  std::string reason;     ///< no_owner, in_doubt: a sentence
};

struct forward_request {
  topic_partition at;
  http::outgoing request;            ///< with the command's id: sent again it is the same command
  bool in_doubt = false;             ///< it may have been applied already
  bool repeatable = true;            ///< false: it has no id; once sent it is not sent again
  std::string order = {};            ///< requests of one order go one after the other; empty: this one has none
  std::chrono::nanoseconds until{};  ///< on the monotonic clock
  std::move_only_function<void(forward_outcome)> done;
};

/// Passes commands on to whom the picture names for their partition: waits while there is nobody, tries again with
/// exponential backoff and full jitter, and always as the same command. Used on one executor.
class forwarder {
 public:
  /// The node to send a command of that partition to; null when there is none. Never this one.
  using picker = std::function<const announcement*(const topic_partition&)>;

  forwarder(peer_calls& calls, alarm alarm, const clock& time, random_source random,
            std::function<bool(const topic_partition&)> is_here, picker pick, forwarder_options options = {});

  /// `done` is called once, never from within this call.
  void forward(forward_request wanted);
  /// Ownership may have changed: those who wait look again.
  void look_again();
  [[nodiscard]] std::size_t waiting() const { return under_way_.size(); }
  struct statistics {
    std::uint64_t forwarded = 0;  ///< answered by another node
    std::uint64_t retries = 0;
    std::uint64_t gave_up = 0;
  };
  [[nodiscard]] const statistics& counts() const { return counts_; }

 private:
  struct attempt;
  using attempts = std::list<std::shared_ptr<attempt>>;

  void begin(const std::shared_ptr<attempt>& of);
  void send(const std::shared_ptr<attempt>& of);
  void take(const std::shared_ptr<attempt>& of, http::incoming outcome);
  void wait(const std::shared_ptr<attempt>& of, std::string why);
  void end(const std::shared_ptr<attempt>& of, forward_outcome outcome);

  peer_calls& calls_;
  alarm alarm_;
  const clock& time_;
  random_source random_;
  std::function<bool(const topic_partition&)> is_here_;
  picker pick_;
  forwarder_options options_;
  attempts under_way_;
  std::size_t bytes_ = 0;
  std::map<std::string, std::deque<std::shared_ptr<attempt>>, std::less<>> orders_;
  statistics counts_;
};

}  // namespace foldlog
