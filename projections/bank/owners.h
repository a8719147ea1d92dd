#pragma once

#include <boost/describe.hpp>
#include <string>
#include <string_view>

#include "projections/projection.h"
#include "schemas/bank/account_events.h"
#include "schemas/bank/account_rows.h"

namespace foldlog::bank {

/// What of an account's creation later events do not repeat.
struct account_owner {
  std::string owner;
};
BOOST_DESCRIBE_STRUCT(account_owner, (), (owner))

/// View `owners`: counts per owner, gathered from the partitions of all their accounts (API.md section 5).
class owners {
 public:
  static constexpr std::string_view topic = "bank.account";
  static constexpr std::string_view view = "owners";
  using event = account_event;

  explicit owners(view_scope& scope) : rows_(scope), owner_of_(scope, "owner_of") {}

  void on(const account_created& event, const event_context& at);
  void on(const deposit_made& event, const event_context& at);
  void on(const overdraft_ended&, const event_context&) {}
  void on(const withdrawal_made& event, const event_context& at);
  void on(const overdraft_started&, const event_context&) {}
  void on(const account_closed& event, const event_context& at);

 private:
  summed_view<owner_row> rows_;
  table<account_owner> owner_of_;
};

}  // namespace foldlog::bank
