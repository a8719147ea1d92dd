#include "test/simulation/bank_model.h"

#include <fmt/format.h>

namespace foldlog::test {
namespace {

constexpr std::int64_t balance_max = 1'000'000'000'000'000;

std::string paid(const action& wanted, std::int64_t balance) {
  const auto reference = wanted.reference.empty() ? "" : fmt::format(R"(,"reference":"{}")", wanted.reference);
  return fmt::format(R"({{"amount":{},"balance":{}{}}})", wanted.amount, balance, reference);
}

std::vector<model_event> created(const action& wanted) {
  return {{"bank.AccountCreated.v1", fmt::format(R"({{"owner":"{}","currency":"{}","overdraft_limit":{}}})",
                                                 wanted.owner, wanted.currency, wanted.limit)}};
}

std::vector<model_event> deposited(const account_now& on, const action& wanted) {
  const auto balance = on.balance + wanted.amount;
  std::vector<model_event> events{{"bank.DepositMade.v1", paid(wanted, balance)}};
  if (on.balance < 0 && balance >= 0) events.push_back({"bank.OverdraftEnded.v1", "{}"});
  return events;
}

std::vector<model_event> withdrawn(const account_now& on, const action& wanted) {
  const auto balance = on.balance - wanted.amount;
  std::vector<model_event> events{{"bank.WithdrawalMade.v1", paid(wanted, balance)}};
  if (on.balance >= 0 && balance < 0)
    events.push_back({"bank.OverdraftStarted.v1", fmt::format(R"({{"balance":{}}})", balance)});
  return events;
}

std::unexpected<model_refusal> no(std::string_view code, std::string members = {}) {
  return std::unexpected(model_refusal{std::string(code), std::move(members)});
}

std::chrono::year_month_day day_of(timestamp time) {
  return std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time));
}

}  // namespace

std::string_view action::command() const {
  switch (kind) {
    case action_kind::create:
      return "CreateAccount";
    case action_kind::deposit:
      return "Deposit";
    case action_kind::withdraw:
      return "Withdraw";
    case action_kind::close:
      return "CloseAccount";
  }
  return {};
}

std::string action::body() const {
  if (kind == action_kind::create)
    return fmt::format(R"({{"owner":"{}","currency":"{}","overdraft_limit":{}}})", owner, currency, limit);
  if (kind == action_kind::close) return "{}";
  if (reference.empty()) return fmt::format(R"({{"amount":{}}})", amount);
  return fmt::format(R"({{"amount":{},"reference":"{}"}})", amount, reference);
}

std::string action::canonical_body() const {
  if (kind != action_kind::create) return body();
  return fmt::format(R"({{"currency":"{}","overdraft_limit":{},"owner":"{}"}})", currency, limit, owner);
}

std::expected<std::vector<model_event>, model_refusal> decide(const account_now& on, const action& wanted) {
  if (wanted.kind == action_kind::create) {
    if (on.exists) return no("account-exists");
    return created(wanted);
  }
  if (!on.exists) return no("no-such-account");
  if (on.closed) return no("account-closed");
  switch (wanted.kind) {
    case action_kind::deposit:
      if (on.balance + wanted.amount > balance_max) return no("balance-too-large");
      return deposited(on, wanted);
    case action_kind::withdraw:
      if (on.balance - wanted.amount < -on.limit) {
        return no("insufficient-funds",
                  fmt::format(R"(,"balance":{},"available":{})", on.balance, on.balance + on.limit));
      }
      return withdrawn(on, wanted);
    default:
      if (on.balance != 0) return no("balance-not-zero", fmt::format(R"(,"balance":{})", on.balance));
      return std::vector<model_event>{{"bank.AccountClosed.v1", "{}"}};
  }
}

account_now apply(account_now to, const action& done) {
  switch (done.kind) {
    case action_kind::create:
      return {true, false, done.owner, done.currency, done.limit, 0};
    case action_kind::deposit:
      to.balance += done.amount;
      break;
    case action_kind::withdraw:
      to.balance -= done.amount;
      break;
    case action_kind::close:
      to.closed = true;
      break;
  }
  return to;
}

std::string written_day(timestamp time) {
  const auto day = day_of(time);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

std::string written_time(timestamp time) {
  const auto within = time - std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(within);
  return fmt::format("{}T{:02}:{:02}:{:02}.{:06}Z", written_day(time), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count(), clock.subseconds().count());
}

}  // namespace foldlog::test
