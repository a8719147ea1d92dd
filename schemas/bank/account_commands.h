#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// The commands of bank/account (API.md section 5). Amounts are integers in minor units.
namespace foldlog::bank {

struct create_account {
  static constexpr std::string_view name = "CreateAccount";
  std::string owner;
  std::string currency;
  std::int64_t overdraft_limit = 0;
  bool operator==(const create_account&) const = default;
};
BOOST_DESCRIBE_STRUCT(create_account, (), (owner, currency, overdraft_limit))

struct deposit {
  static constexpr std::string_view name = "Deposit";
  std::int64_t amount = 0;
  std::optional<std::string> reference = {};
  bool operator==(const deposit&) const = default;
};
BOOST_DESCRIBE_STRUCT(deposit, (), (amount, reference))

struct withdraw {
  static constexpr std::string_view name = "Withdraw";
  std::int64_t amount = 0;
  std::optional<std::string> reference = {};
  bool operator==(const withdraw&) const = default;
};
BOOST_DESCRIBE_STRUCT(withdraw, (), (amount, reference))

struct close_account {
  static constexpr std::string_view name = "CloseAccount";
  bool operator==(const close_account&) const = default;
};
BOOST_DESCRIBE_STRUCT(close_account, (), ())

using account_command = std::variant<create_account, deposit, withdraw, close_account>;

}  // namespace foldlog::bank
