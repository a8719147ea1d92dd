#include <doctest/doctest.h>

#include "projections/bank/accounts.h"
#include "projections/bank/owners.h"
#include "projections/bank/turnover.h"
#include "projections/specification.h"

using namespace foldlog;
using namespace foldlog::bank;

TEST_CASE("accounts: an account that was created is open and holds nothing") {
  CHECK(given<accounts>({{"alice", account_created{"eve", "EUR", 500}, "2026-11-21T09:30:00.123456Z"}})
            .then({{"alice", R"({"id":"alice","owner":"eve","currency":"EUR","balance":0,"overdraft_limit":500,
                     "status":"open","version":1,"created_at":"2026-11-21T09:30:00.123456Z",
                     "changed_at":"2026-11-21T09:30:00.123456Z"})"}}) == "");
}

TEST_CASE("accounts: deposits and withdrawals leave the balance that they name, the last event its version and time") {
  CHECK(given<accounts>({{"alice", account_created{"eve", "EUR", 500}, "2026-11-21T09:30:00.000000Z"},
                         {"alice", deposit_made{700, 700, {}}, "2026-11-21T10:00:00.000000Z"},
                         {"alice", withdrawal_made{900, -200, "rent"}, "2026-11-22T00:00:00.000001Z"},
                         {"alice", overdraft_started{-200}, "2026-11-22T00:00:00.000001Z"}})
            .then({{"alice", R"({"id":"alice","owner":"eve","currency":"EUR","balance":-200,"overdraft_limit":500,
                     "status":"open","version":4,"created_at":"2026-11-21T09:30:00.000000Z",
                     "changed_at":"2026-11-22T00:00:00.000001Z"})"}}) == "");
}

TEST_CASE("accounts: a closed account stays as a row that says so") {
  CHECK(given<accounts>({{"alice", account_created{"eve", "EUR", 0}, "2026-11-21T09:30:00.000000Z"},
                         {"alice", account_closed{}, "2026-11-21T09:31:00.000000Z"}})
            .then({{"alice", R"({"id":"alice","owner":"eve","currency":"EUR","balance":0,"overdraft_limit":0,
                     "status":"closed","version":2,"created_at":"2026-11-21T09:30:00.000000Z",
                     "changed_at":"2026-11-21T09:31:00.000000Z"})"}}) == "");
}

TEST_CASE("accounts: an event of an account that was never created throws") {
  CHECK(given<accounts>({{"ghost", deposit_made{1, 1, {}}, ""}}).then_throws() ==
        "view accounts has no row 'ghost' to update");
}

TEST_CASE("owners: counts accounts ever created, closed ones, deposits and withdrawals over all accounts of an owner") {
  CHECK(given<owners>({{"a", account_created{"eve", "EUR", 0}, ""},
                       {"b", account_created{"eve", "USD", 0}, ""},
                       {"c", account_created{"bob", "EUR", 0}, ""},
                       {"a", deposit_made{5, 5, {}}, ""},
                       {"b", deposit_made{6, 6, {}}, ""},
                       {"b", withdrawal_made{6, 0, {}}, ""},
                       {"b", account_closed{}, ""}})
            .then({{"bob", R"({"owner":"bob","accounts":1,"closed":0,"deposits":0,"withdrawals":0})"},
                   {"eve", R"({"owner":"eve","accounts":2,"closed":1,"deposits":2,"withdrawals":1})"}}) == "");
}

TEST_CASE("turnover: creating or closing an account makes no row") {
  CHECK(given<turnover>({{"a", account_created{"eve", "EUR", 0}, ""}, {"a", account_closed{}, ""}}).then({}) == "");
}

TEST_CASE("turnover: counts and sums per currency and UTC day of the event") {
  CHECK(
      given<turnover>({{"a", account_created{"eve", "EUR", 0}, ""},
                       {"b", account_created{"eve", "USD", 0}, ""},
                       {"a", deposit_made{500, 500, {}}, "2026-11-21T23:59:59.999999Z"},
                       {"a", withdrawal_made{200, 300, {}}, "2026-11-22T00:00:00.000000Z"},
                       {"a", deposit_made{7, 307, {}}, "2026-11-22T12:00:00.000000Z"},
                       {"b", deposit_made{1, 1, {}}, "2026-11-22T12:00:00.000000Z"}})
          .then(
              {{"EUR:2026-11-21",
                R"({"currency":"EUR","day":"2026-11-21","deposits":1,"deposited":500,"withdrawals":0,"withdrawn":0})"},
               {"EUR:2026-11-22",
                R"({"currency":"EUR","day":"2026-11-22","deposits":1,"deposited":7,"withdrawals":1,"withdrawn":200})"},
               {"USD:2026-11-22",
                R"({"currency":"USD","day":"2026-11-22","deposits":1,"deposited":1,"withdrawals":0,"withdrawn":0})"}}) ==
      "");
}

TEST_CASE("a specification tells what is different") {
  const auto told = given<owners>({{"a", account_created{"eve", "EUR", 0}, ""}});
  CHECK(told.then({{"eve", R"({"owner":"eve","accounts":2,"closed":0,"deposits":0,"withdrawals":0})"}}) != "");
  CHECK(told.then({}) != "");
  CHECK(told.then(
            {{"eve", R"({"owner":"eve","accounts":1,"closed":0,"deposits":0,"withdrawals":0})"}, {"bob", "{}"}}) != "");
}
