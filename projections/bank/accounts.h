#pragma once

#include <array>
#include <string_view>

#include "projections/projection.h"
#include "schemas/bank/account_events.h"
#include "schemas/bank/account_rows.h"

namespace foldlog::bank {

/// View `accounts`: one row per account, by its id (API.md section 5).
class accounts {
 public:
  static constexpr std::string_view topic = "bank.account";
  static constexpr std::string_view view = "accounts";
  static constexpr std::array indexes{index_on{"owner", &account_row::owner},
                                      index_on{"balance", &account_row::balance}};
  using event = account_event;

  explicit accounts(view_scope& scope) : rows_(scope, indexes) {}

  void on(const account_created& event, const event_context& at);
  void on(const deposit_made& event, const event_context& at);
  void on(const overdraft_ended& event, const event_context& at);
  void on(const withdrawal_made& event, const event_context& at);
  void on(const overdraft_started& event, const event_context& at);
  void on(const account_closed& event, const event_context& at);

 private:
  template <typename Change>
  void change(const event_context& at, Change&& change);

  keyed_view<account_row> rows_;
};

}  // namespace foldlog::bank
