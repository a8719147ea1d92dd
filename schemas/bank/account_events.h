#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// The events of bank/account (API.md section 5). Amounts are integers in minor units; a balance is the one after the
// event.
namespace foldlog::bank {

struct account_created {
  static constexpr std::string_view name = "AccountCreated";
  static constexpr std::uint32_t schema_version = 1;
  std::string owner;
  std::string currency;
  std::int64_t overdraft_limit = 0;
  bool operator==(const account_created&) const = default;
};
BOOST_DESCRIBE_STRUCT(account_created, (), (owner, currency, overdraft_limit))

/// As the bank wrote it before its first release: an empty text where there was no reference.
struct deposit_made_v0 {
  static constexpr std::string_view name = "DepositMade";
  static constexpr std::uint32_t schema_version = 0;
  std::int64_t amount = 0;
  std::int64_t balance = 0;
  std::string text;
  bool operator==(const deposit_made_v0&) const = default;
};
BOOST_DESCRIBE_STRUCT(deposit_made_v0, (), (amount, balance, text))

struct deposit_made {
  static constexpr std::string_view name = "DepositMade";
  static constexpr std::uint32_t schema_version = 1;
  std::int64_t amount = 0;
  std::int64_t balance = 0;
  std::optional<std::string> reference = {};
  bool operator==(const deposit_made&) const = default;

  using previous = deposit_made_v0;
  static deposit_made upcast(const deposit_made_v0& before) {
    return {.amount = before.amount,
            .balance = before.balance,
            .reference = before.text.empty() ? std::nullopt : std::optional(before.text)};
  }
};
BOOST_DESCRIBE_STRUCT(deposit_made, (), (amount, balance, reference))

/// The balance rose from below 0 to 0 or more, by the deposit of the same commit.
struct overdraft_ended {
  static constexpr std::string_view name = "OverdraftEnded";
  static constexpr std::uint32_t schema_version = 1;
  bool operator==(const overdraft_ended&) const = default;
};
BOOST_DESCRIBE_STRUCT(overdraft_ended, (), ())

struct withdrawal_made {
  static constexpr std::string_view name = "WithdrawalMade";
  static constexpr std::uint32_t schema_version = 1;
  std::int64_t amount = 0;
  std::int64_t balance = 0;
  std::optional<std::string> reference = {};
  bool operator==(const withdrawal_made&) const = default;
};
BOOST_DESCRIBE_STRUCT(withdrawal_made, (), (amount, balance, reference))

/// The balance fell below 0 from 0 or more, by the withdrawal of the same commit.
struct overdraft_started {
  static constexpr std::string_view name = "OverdraftStarted";
  static constexpr std::uint32_t schema_version = 1;
  std::int64_t balance = 0;
  bool operator==(const overdraft_started&) const = default;
};
BOOST_DESCRIBE_STRUCT(overdraft_started, (), (balance))

struct account_closed {
  static constexpr std::string_view name = "AccountClosed";
  static constexpr std::uint32_t schema_version = 1;
  bool operator==(const account_closed&) const = default;
};
BOOST_DESCRIBE_STRUCT(account_closed, (), ())

using account_event =
    std::variant<account_created, deposit_made, overdraft_ended, withdrawal_made, overdraft_started, account_closed>;

}  // namespace foldlog::bank
