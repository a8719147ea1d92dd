#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>

// The rows of the bank's views, members in the order of API.md section 5.
namespace foldlog::bank {

enum class account_status : std::uint8_t { open, closed };
BOOST_DESCRIBE_ENUM(account_status, open, closed)

/// View `accounts`, by id. Times are the `ce_time` of the first and the last event.
struct account_row {
  static constexpr std::string_view name = "AccountsRow";
  std::string id;
  std::string owner;
  std::string currency;
  std::int64_t balance = 0;
  std::int64_t overdraft_limit = 0;
  account_status status = account_status::open;
  std::uint64_t version = 0;
  std::string created_at;
  std::string changed_at;
  bool operator==(const account_row&) const = default;
};
BOOST_DESCRIBE_STRUCT(account_row, (),
                      (id, owner, currency, balance, overdraft_limit, status, version, created_at, changed_at))

/// View `owners`, by owner: counts.
struct owner_row {
  static constexpr std::string_view name = "OwnersRow";
  std::string owner;
  std::int64_t accounts = 0;  ///< all ever created
  std::int64_t closed = 0;    ///< those of them that were closed
  std::int64_t deposits = 0;
  std::int64_t withdrawals = 0;
  bool operator==(const owner_row&) const = default;
};
BOOST_DESCRIBE_STRUCT(owner_row, (), (owner, accounts, closed, deposits, withdrawals))

/// View `turnover`, by `<currency>:<day>`: counts and sums in minor units.
struct turnover_row {
  static constexpr std::string_view name = "TurnoverRow";
  std::string currency;
  std::string day;  ///< yyyy-mm-dd of `ce_time`, UTC
  std::int64_t deposits = 0;
  std::int64_t deposited = 0;
  std::int64_t withdrawals = 0;
  std::int64_t withdrawn = 0;
  bool operator==(const turnover_row&) const = default;
};
BOOST_DESCRIBE_STRUCT(turnover_row, (), (currency, day, deposits, deposited, withdrawals, withdrawn))

}  // namespace foldlog::bank
