#include "projections/bank/turnover.h"

namespace foldlog::bank {

void turnover::on(const account_created& event, const event_context& at) { currency_of_.put(at.id, {event.currency}); }

void turnover::on(const deposit_made& event, const event_context& at) {
  turnover_row more;
  more.deposits = 1;
  more.deposited = event.amount;
  add(at, std::move(more));
}

void turnover::on(const withdrawal_made& event, const event_context& at) {
  turnover_row more;
  more.withdrawals = 1;
  more.withdrawn = event.amount;
  add(at, std::move(more));
}

void turnover::add(const event_context& at, turnover_row more) {
  more.currency = currency_of_.at(at.id).currency;
  more.day = format_day(at.time);
  rows_.add(more.currency + ":" + more.day, more);
}

}  // namespace foldlog::bank
