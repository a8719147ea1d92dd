#include "command/bank/account.h"

#include <variant>

namespace foldlog::bank {
namespace {

struct evolving {
  account_state& state;

  void operator()(const account_created& happened) const {
    state = {.owner = happened.owner,
             .currency = happened.currency,
             .overdraft_limit = happened.overdraft_limit,
             .balance = 0,
             .status = account_phase::open};
  }
  void operator()(const deposit_made& happened) const { state.balance = happened.balance; }
  void operator()(const withdrawal_made& happened) const { state.balance = happened.balance; }
  void operator()(const overdraft_started&) const {}
  void operator()(const overdraft_ended&) const {}
  void operator()(const account_closed&) const { state.status = account_phase::closed; }
};

using decision_of_account = decision<account_event>;

struct deciding {
  const account_state& state;

  decision_of_account operator()(const create_account& wanted) const {
    if (state.status != account_phase::none) return refuse(account_exists{});
    return {{account_created{wanted.owner, wanted.currency, wanted.overdraft_limit}}};
  }

  decision_of_account operator()(const deposit& wanted) const {
    if (const auto no = closed_or_missing()) return std::unexpected(*no);
    const std::int64_t balance = state.balance + wanted.amount;
    if (balance > account::balance_max) return refuse(balance_too_large{});
    std::vector<account_event> events{deposit_made{wanted.amount, balance, wanted.reference}};
    if (state.balance < 0 && balance >= 0) events.emplace_back(overdraft_ended{});
    return events;
  }

  decision_of_account operator()(const withdraw& wanted) const {
    if (const auto no = closed_or_missing()) return std::unexpected(*no);
    const std::int64_t balance = state.balance - wanted.amount;
    if (balance < -state.overdraft_limit) {
      return refuse(insufficient_funds{state.balance, state.balance + state.overdraft_limit});
    }
    std::vector<account_event> events{withdrawal_made{wanted.amount, balance, wanted.reference}};
    if (state.balance >= 0 && balance < 0) events.emplace_back(overdraft_started{balance});
    return events;
  }

  decision_of_account operator()(const close_account&) const {
    if (const auto no = closed_or_missing()) return std::unexpected(*no);
    if (state.balance != 0) return refuse(balance_not_zero{state.balance});
    return {{account_closed{}}};
  }

  std::optional<refusal> closed_or_missing() const {
    if (state.status == account_phase::none) return refuse(no_such_account{}).error();
    if (state.status == account_phase::closed) return refuse(is_closed{}).error();
    return std::nullopt;
  }
};

}  // namespace

account_state account::evolve(state before, const event& happened) {
  std::visit(evolving{before}, happened);
  return before;
}

decision<account_event> account::decide(const state& now, const command& wanted, const command_context&) {
  return std::visit(deciding{now}, wanted);
}

}  // namespace foldlog::bank
