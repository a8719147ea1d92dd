#include "projections/bank/owners.h"

namespace foldlog::bank {
namespace {

owner_row counted(const std::string& owner) {
  owner_row row;
  row.owner = owner;
  return row;
}

}  // namespace

void owners::on(const account_created& event, const event_context& at) {
  owner_of_.put(at.id, {event.owner});
  auto more = counted(event.owner);
  more.accounts = 1;
  rows_.add(event.owner, more);
}

void owners::on(const deposit_made&, const event_context& at) {
  auto more = counted(owner_of_.at(at.id).owner);
  more.deposits = 1;
  rows_.add(more.owner, more);
}

void owners::on(const withdrawal_made&, const event_context& at) {
  auto more = counted(owner_of_.at(at.id).owner);
  more.withdrawals = 1;
  rows_.add(more.owner, more);
}

void owners::on(const account_closed&, const event_context& at) {
  auto more = counted(owner_of_.at(at.id).owner);
  more.closed = 1;
  rows_.add(more.owner, more);
}

}  // namespace foldlog::bank
