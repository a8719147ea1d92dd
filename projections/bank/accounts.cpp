#include "projections/bank/accounts.h"

namespace foldlog::bank {

template <typename Change>
void accounts::change(const event_context& at, Change&& change) {
  rows_.update(at.id, [&](account_row& row) {
    change(row);
    row.version = raw(at.version);
    row.changed_at.clear();
    append_time(row.changed_at, at.time);
  });
}

void accounts::on(const account_created& event, const event_context& at) {
  const auto time = format_time(at.time);
  rows_.put(at.id, {.id = std::string(at.id),
                    .owner = event.owner,
                    .currency = event.currency,
                    .balance = 0,
                    .overdraft_limit = event.overdraft_limit,
                    .status = account_status::open,
                    .version = raw(at.version),
                    .created_at = time,
                    .changed_at = time});
}

void accounts::on(const deposit_made& event, const event_context& at) {
  change(at, [&](account_row& row) { row.balance = event.balance; });
}

void accounts::on(const withdrawal_made& event, const event_context& at) {
  change(at, [&](account_row& row) { row.balance = event.balance; });
}

void accounts::on(const account_closed&, const event_context& at) {
  change(at, [](account_row& row) { row.status = account_status::closed; });
}

void accounts::on(const overdraft_started&, const event_context& at) {
  change(at, [](account_row&) {});
}

void accounts::on(const overdraft_ended&, const event_context& at) {
  change(at, [](account_row&) {});
}

}  // namespace foldlog::bank
