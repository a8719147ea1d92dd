#pragma once

#include <boost/describe.hpp>
#include <string>
#include <string_view>

#include "projections/projection.h"
#include "schemas/bank/account_events.h"
#include "schemas/bank/account_rows.h"

namespace foldlog::bank {

struct account_currency {
  std::string currency;
};
BOOST_DESCRIBE_STRUCT(account_currency, (), (currency))

/// View `turnover`: what was paid in and out per currency and day, UTC; key `<currency>:<yyyy-mm-dd>` (API.md section
/// 5).
class turnover {
 public:
  static constexpr std::string_view topic = "bank.account";
  static constexpr std::string_view view = "turnover";
  using event = account_event;

  explicit turnover(view_scope& scope) : rows_(scope), currency_of_(scope, "currency_of") {}

  void on(const account_created& event, const event_context& at);
  void on(const deposit_made& event, const event_context& at);
  void on(const overdraft_ended&, const event_context&) {}
  void on(const withdrawal_made& event, const event_context& at);
  void on(const overdraft_started&, const event_context&) {}
  void on(const account_closed&, const event_context&) {}

 private:
  void add(const event_context& at, turnover_row more);

  summed_view<turnover_row> rows_;
  table<account_currency> currency_of_;
};

}  // namespace foldlog::bank
