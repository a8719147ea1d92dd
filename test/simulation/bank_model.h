#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"

// The bank as API.md section 5 has it, a second time: shares nothing with the engine's bank.
namespace foldlog::test {

struct account_now {
  bool exists = false;
  bool closed = false;
  std::string owner;
  std::string currency;
  std::int64_t limit = 0;
  std::int64_t balance = 0;
};

enum class action_kind : std::uint8_t { create, deposit, withdraw, close };

struct action {
  action_kind kind = action_kind::deposit;
  std::string owner;
  std::string currency;
  std::int64_t limit = 0;
  std::int64_t amount = 0;
  std::string reference;  ///< empty: none

  [[nodiscard]] std::string_view command() const;    ///< `Deposit`
  [[nodiscard]] std::string body() const;            ///< the command's data
  [[nodiscard]] std::string canonical_body() const;  ///< the same as RFC 8785 has it: members sorted
};

struct model_event {
  std::string type;
  std::string data;
  bool operator==(const model_event&) const = default;
};

struct model_refusal {
  std::string code;
  std::string members;  ///< `,"balance":5,…`
};

[[nodiscard]] std::expected<std::vector<model_event>, model_refusal> decide(const account_now& on,
                                                                            const action& wanted);
/// What the action's events leave; they were decided on that state.
[[nodiscard]] account_now apply(account_now to, const action& done);

/// `2026-11-21T09:30:00.123456Z`, and the day of it.
[[nodiscard]] std::string written_time(timestamp time);
[[nodiscard]] std::string written_day(timestamp time);

}  // namespace foldlog::test
