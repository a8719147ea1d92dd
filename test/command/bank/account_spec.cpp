// The rules of API.md section 5, one sentence each.
#include <doctest/doctest.h>

#include <sstream>

#include "command/bank/account.h"
#include "command/specification.h"

namespace foldlog::bank {
namespace {

constexpr std::int64_t trillion = 1'000'000'000'000;
constexpr std::int64_t most = 1'000'000'000'000'000;

const account_created opened{"ann", "EUR", 0};
const account_created with_overdraft{"ann", "EUR", 100};

}  // namespace

TEST_CASE("an account that does not exist can be created") {
  CHECK(given<account>().when(create_account{"ann", "EUR", 50}).then(account_created{"ann", "EUR", 50}));
}
TEST_CASE("the overdraft limit is 0 unless the command names one") {
  CHECK(given<account>().when(create_account{"ann", "EUR"}).then(account_created{"ann", "EUR", 0}));
}
TEST_CASE("an overdraft limit of 10^12 is taken as it is") {
  const auto after = given<account>().when(create_account{"ann", "EUR", trillion});
  CHECK(after.then(account_created{"ann", "EUR", trillion}));
  CHECK(after.state().overdraft_limit == trillion);
}
TEST_CASE("a new account is open, empty and has what it was created with") {
  CHECK(given<account>(with_overdraft).state() == account_state{"ann", "EUR", 100, 0, account_phase::open});
}
TEST_CASE("an account can't be created twice") {
  CHECK(given<account>(opened).when(create_account{"bob", "USD"}).then_refused(account_exists{}));
}
TEST_CASE("a closed account can't be created again") {
  CHECK(given<account>(opened, account_closed{}).when(create_account{"ann", "EUR"}).then_refused(account_exists{}));
}

TEST_CASE("a deposit needs an account") { CHECK(given<account>().when(deposit{5}).then_refused(no_such_account{})); }
TEST_CASE("a closed account takes no deposit") {
  CHECK(given<account>(opened, account_closed{}).when(deposit{5}).then_refused(is_closed{}));
}
TEST_CASE("a deposit tells its amount, the balance after it and its reference") {
  CHECK(given<account>(opened, deposit_made{5, 5}).when(deposit{7, "rent"}).then(deposit_made{7, 12, "rent"}));
}
TEST_CASE("a deposit without a reference has none; an empty one is one") {
  CHECK(given<account>(opened).when(deposit{7}).then(deposit_made{7, 7}));
  CHECK(given<account>(opened).when(deposit{7, ""}).then(deposit_made{7, 7, ""}));
}
TEST_CASE("a single deposit may be 1 or 10^12") {
  CHECK(given<account>(opened).when(deposit{1}).then(deposit_made{1, 1}));
  CHECK(given<account>(opened).when(deposit{trillion}).then(deposit_made{trillion, trillion}));
}
TEST_CASE("a deposit may fill the account up to 10^15 and not beyond") {
  const deposit_made nearly{1, most - 10};
  CHECK(given<account>(opened, nearly).when(deposit{9}).then(deposit_made{9, most - 1}));
  CHECK(given<account>(opened, nearly).when(deposit{10}).then(deposit_made{10, most}));
  CHECK(given<account>(opened, nearly).when(deposit{11}).then_refused(balance_too_large{}));
  CHECK(given<account>(opened, deposit_made{1, most}).when(deposit{1}).then_refused(balance_too_large{}));
}
TEST_CASE("a deposit that lifts the balance from below 0 to 0 or more ends the overdraft in the same commit") {
  const auto below = given<account>(with_overdraft, withdrawal_made{10, -10}, overdraft_started{-10});
  CHECK(below.when(deposit{9}).then(deposit_made{9, -1}));
  CHECK(below.when(deposit{10}).then(deposit_made{10, 0}, overdraft_ended{}));
  CHECK(below.when(deposit{11}).then(deposit_made{11, 1}, overdraft_ended{}));
}
TEST_CASE("a deposit on a balance of 0 or more ends no overdraft") {
  CHECK(given<account>(with_overdraft).when(deposit{1}).then(deposit_made{1, 1}));
}

TEST_CASE("a withdrawal needs an account") {
  CHECK(given<account>().when(withdraw{5}).then_refused(no_such_account{}));
}
TEST_CASE("a closed account pays nothing out") {
  CHECK(given<account>(opened, account_closed{}).when(withdraw{5}).then_refused(is_closed{}));
}
TEST_CASE("a withdrawal tells its amount, the balance after it and its reference") {
  CHECK(given<account>(opened, deposit_made{9, 9}).when(withdraw{4, "food"}).then(withdrawal_made{4, 5, "food"}));
}
TEST_CASE("a withdrawal may empty the account; without an overdraft limit it goes no further") {
  const auto five = given<account>(opened, deposit_made{5, 5});
  CHECK(five.when(withdraw{5}).then(withdrawal_made{5, 0}));
  CHECK(five.when(withdraw{6}).then_refused(insufficient_funds{5, 5}));
  CHECK(given<account>(opened).when(withdraw{1}).then_refused(insufficient_funds{0, 0}));
}
TEST_CASE("a withdrawal that takes the balance below 0 starts the overdraft in the same commit") {
  const auto five = given<account>(with_overdraft, deposit_made{5, 5});
  CHECK(five.when(withdraw{5}).then(withdrawal_made{5, 0}));
  CHECK(five.when(withdraw{6}).then(withdrawal_made{6, -1}, overdraft_started{-1}));
  CHECK(given<account>(with_overdraft).when(withdraw{1}).then(withdrawal_made{1, -1}, overdraft_started{-1}));
}
TEST_CASE("a withdrawal below 0 starts no second overdraft") {
  CHECK(given<account>(with_overdraft, withdrawal_made{10, -10}, overdraft_started{-10})
            .when(withdraw{5})
            .then(withdrawal_made{5, -15}));
}
TEST_CASE(
    "a withdrawal may use the overdraft limit up and not go beyond; the refusal tells balance and what is available") {
  const auto five = given<account>(with_overdraft, deposit_made{5, 5});
  CHECK(five.when(withdraw{105}).then(withdrawal_made{105, -100}, overdraft_started{-100}));
  CHECK(five.when(withdraw{106}).then_refused(insufficient_funds{5, 105}));
  CHECK(given<account>(with_overdraft, withdrawal_made{40, -40}, overdraft_started{-40})
            .when(withdraw{61})
            .then_refused(insufficient_funds{-40, 60}));
}

TEST_CASE("closing needs an account") { CHECK(given<account>().when(close_account{}).then_refused(no_such_account{})); }
TEST_CASE("an empty account can be closed, once") {
  CHECK(given<account>(opened).when(close_account{}).then(account_closed{}));
  CHECK(given<account>(opened, account_closed{}).when(close_account{}).then_refused(is_closed{}));
}
TEST_CASE("an account with a balance, above or below 0, can't be closed; the refusal tells the balance") {
  CHECK(given<account>(opened, deposit_made{1, 1}).when(close_account{}).then_refused(balance_not_zero{1}));
  CHECK(given<account>(with_overdraft, withdrawal_made{1, -1}, overdraft_started{-1})
            .when(close_account{})
            .then_refused(balance_not_zero{-1}));
}
TEST_CASE("a closed account keeps its owner, currency and limit") {
  CHECK(given<account>(with_overdraft, account_closed{}).state() ==
        account_state{"ann", "EUR", 100, 0, account_phase::closed});
}

TEST_CASE("a specification that is not met says what was expected and what happened") {
  const auto told = [](const specified& verdict) {
    std::ostringstream out;
    out << verdict;
    return out.str();
  };
  const auto five = given<account>(opened, deposit_made{5, 5});
  CHECK(told(five.when(deposit{1}).then(deposit_made{1, 7})) ==
        R"(expected DepositMade {"amount":1,"balance":7}; but DepositMade {"amount":1,"balance":6})");
  CHECK(told(five.when(deposit{1}).then_nothing()) == R"(expected nothing; but DepositMade {"amount":1,"balance":6})");
  CHECK(
      told(five.when(withdraw{6}).then(withdrawal_made{6, -1})) ==
      R"(expected WithdrawalMade {"amount":6,"balance":-1}; but refused: insufficient-funds {"balance":5,"available":5})");
  CHECK_FALSE(five.when(withdraw{6}).then_refused(insufficient_funds{5, 6}));
  CHECK_FALSE(five.when(deposit{1}).then_refused(no_such_account{}));
  CHECK(told(five.when(deposit{1}).then(deposit_made{1, 6})) == "as specified");
}

}  // namespace foldlog::bank
