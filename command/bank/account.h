#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>

#include "command/decider.h"
#include "schemas/bank/account_commands.h"
#include "schemas/bank/account_events.h"

namespace foldlog::bank {

// Refusals (API.md section 5).
struct account_exists {
  static constexpr std::string_view code = "account-exists";
};
struct no_such_account {
  static constexpr std::string_view code = "no-such-account";
};
struct is_closed {
  static constexpr std::string_view code = "account-closed";
};
struct balance_too_large {
  static constexpr std::string_view code = "balance-too-large";
};
struct insufficient_funds {
  static constexpr std::string_view code = "insufficient-funds";
  std::int64_t balance = 0;
  std::int64_t available = 0;  ///< balance + overdraft_limit
};
struct balance_not_zero {
  static constexpr std::string_view code = "balance-not-zero";
  std::int64_t balance = 0;
};
BOOST_DESCRIBE_STRUCT(account_exists, (), ())
BOOST_DESCRIBE_STRUCT(no_such_account, (), ())
BOOST_DESCRIBE_STRUCT(is_closed, (), ())
BOOST_DESCRIBE_STRUCT(balance_too_large, (), ())
BOOST_DESCRIBE_STRUCT(insufficient_funds, (), (balance, available))
BOOST_DESCRIBE_STRUCT(balance_not_zero, (), (balance))

enum class account_phase { none, open, closed };
BOOST_DESCRIBE_ENUM(account_phase, none, open, closed)

struct account_state {
  std::string owner;
  std::string currency;
  std::int64_t overdraft_limit = 0;
  std::int64_t balance = 0;
  account_phase status = account_phase::none;
  bool operator==(const account_state&) const = default;
};
BOOST_DESCRIBE_STRUCT(account_state, (), (owner, currency, overdraft_limit, balance, status))

/// One bank account. Amounts are integers in minor units; the balance never exceeds 10^15.
struct account {
  using state = account_state;
  using event = account_event;
  using command = account_command;
  static constexpr std::string_view category = "account";
  static constexpr std::int64_t balance_max = 1'000'000'000'000'000;

  static state initial() { return {}; }
  static state evolve(state before, const event& happened);
  static decision<event> decide(const state& now, const command& wanted, const command_context& context);
};
static_assert(decider<account>);

}  // namespace foldlog::bank
