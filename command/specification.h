#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "command/decider.h"

namespace foldlog {

/// Whether a decider did what its specification says. Converts to bool and prints itself, so any test framework's check
/// takes it.
struct specified {
  std::string failure;  ///< empty: it did; else what was expected and what happened instead

  explicit operator bool() const { return failure.empty(); }
  friend std::ostream& operator<<(std::ostream& out, const specified& of) {
    return out << (of.failure.empty() ? std::string("as specified") : of.failure);
  }
};

/// The rules of a decider as sentences:
///
///     CHECK(given<account>(account_created{"ann", "EUR", 0}).when(deposit{5}).then(deposit_made{5, 5}));
///     CHECK(given<account>().when(deposit{5}).then_refused(no_such_account{}));
///     CHECK(given<light>(switched_on{}).when(switch_on{}).then_nothing());
///
/// Whatever is decided is folded too: a decision whose events `evolve` can't take does not go unnoticed.
template <decider Decider>
class specification {
 public:
  using state_type = typename Decider::state;
  using event = typename Decider::event;
  using command_type = typename Decider::command;

  explicit specification(std::vector<event> before) : version_(before.size()) {
    for (const auto& happened : before) state_ = Decider::evolve(std::move(state_), happened);
  }

  /// Of the command's context: when it is decided, and on which stream.
  specification at(timestamp now) && {
    now_ = now;
    return std::move(*this);
  }
  specification on(std::string stream_id) && {
    stream_id_ = std::move(stream_id);
    return std::move(*this);
  }

  /// The state that the given events lead to.
  [[nodiscard]] const state_type& state() const { return state_; }

  class decided_on {
   public:
    /// Exactly these events, in this order.
    template <typename... Events>
    [[nodiscard]] specified then(Events&&... events) const {
      std::vector<event> expected;
      (expected.emplace_back(std::forward<Events>(events)), ...);
      return compare(text(expected));
    }
    [[nodiscard]] specified then_nothing() const { return compare(text(std::vector<event>())); }
    /// The refusal with the members of this reason.
    template <typename Reason>
    [[nodiscard]] specified then_refused(const Reason& reason) const {
      return compare(text(refuse(reason).error()));
    }

    /// The state after the decision: the one before it when it was refused.
    [[nodiscard]] const state_type& state() const { return after_; }

   private:
    friend class specification;
    decided_on(const state_type& before, const command_type& wanted, const command_context& context) : after_(before) {
      const decision<event> decision = Decider::decide(before, wanted, context);
      happened_ = decision ? text(*decision) : text(decision.error());
      if (!decision) return;
      for (const auto& one : *decision) after_ = Decider::evolve(std::move(after_), one);
    }

    static std::string text(const refusal& no) {
      return "refused: " + no.code + (no.members.empty() ? "" : " {" + no.members.substr(1) + "}");
    }
    static std::string text(const std::vector<event>& events) {
      if (events.empty()) return "nothing";
      std::string joined;
      for (const auto& one : events) {
        if (!joined.empty()) joined += ", ";
        joined.append(event_codec<event>::name_of(one)).append(" ");
        event_codec<event>::write(joined, one);
      }
      return joined;
    }
    [[nodiscard]] specified compare(const std::string& expected) const {
      return {expected == happened_ ? std::string() : "expected " + expected + "; but " + happened_};
    }

    state_type after_;
    std::string happened_;
  };

  [[nodiscard]] decided_on when(const command_type& wanted) const {
    return decided_on(state_, wanted, {.stream_id = stream_id_, .version = version_, .now = now_});
  }

 private:
  state_type state_ = Decider::initial();
  std::uint64_t version_;
  std::string stream_id_ = "a-stream";
  timestamp now_{};
};

/// What happened on the stream so far, oldest first; nothing: it does not exist yet.
template <decider Decider, typename... Events>
[[nodiscard]] specification<Decider> given(Events&&... events) {
  std::vector<typename Decider::event> before;
  (before.emplace_back(std::forward<Events>(events)), ...);
  return specification<Decider>(std::move(before));
}

}  // namespace foldlog
