#pragma once

#include <boost/describe.hpp>
#include <charconv>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "command/decider.h"
#include "command/typed_category.h"

namespace foldlog::test {

struct counter_added {
  static constexpr std::string_view name = "Added";
  static constexpr std::uint32_t schema_version = 1;
  std::int64_t amount = 0;
};
struct counter_taken {
  static constexpr std::string_view name = "Taken";
  static constexpr std::uint32_t schema_version = 1;
  std::int64_t amount = 0;
};
struct add_to_counter {
  static constexpr std::string_view name = "Add";
  std::int64_t events = 1;  ///< so many events of one each
};
struct take_from_counter {
  static constexpr std::string_view name = "Take";
  std::int64_t amount = 1;
};
struct counter_too_small {
  static constexpr std::string_view code = "too-small";
};
struct counter_state {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(counter_added, (), (amount))
BOOST_DESCRIBE_STRUCT(counter_taken, (), (amount))
BOOST_DESCRIBE_STRUCT(add_to_counter, (), (events))
BOOST_DESCRIBE_STRUCT(take_from_counter, (), (amount))
BOOST_DESCRIBE_STRUCT(counter_too_small, (), ())
BOOST_DESCRIBE_STRUCT(counter_state, (), (count))

/// What the model's clients change: adds of one or more events, and takes that are refused when too little is there.
template <bool Records>
struct counter_of {
  using state = counter_state;
  using event = std::variant<counter_added, counter_taken>;
  using command = std::variant<add_to_counter, take_from_counter>;
  static constexpr std::string_view category = "counter";
  static constexpr bool record_refusals = Records;

  static state initial() { return {}; }
  static state evolve(state before, const event& happened) {
    if (const auto* added = std::get_if<counter_added>(&happened)) before.count += added->amount;
    if (const auto* taken = std::get_if<counter_taken>(&happened)) before.count -= taken->amount;
    return before;
  }
  static decision<event> decide(const state& now, const command& wanted, const command_context& /*context*/) {
    if (const auto* take = std::get_if<take_from_counter>(&wanted)) {
      if (now.count < take->amount) return refuse(counter_too_small{});
      return std::vector<event>{counter_taken{.amount = take->amount}};
    }
    const auto events = static_cast<std::size_t>(std::get<add_to_counter>(wanted).events);
    return std::vector<event>(events, counter_added{.amount = 1});
  }
};
static_assert(decider<counter_of<false>>);

inline const category& counters(bool record_refusals = false) {
  static const typed_category<counter_of<false>> made("test");
  static const typed_category<counter_of<true>> with_records("test");
  if (record_refusals) return with_records;
  return made;
}

inline std::int64_t count_of(const aggregate_state& state) {
  std::string text;
  counters().save(text, state);
  std::int64_t count = 0;
  const auto digits = text.find(':') + 1;  // {"count":-1}
  std::from_chars(text.data() + digits, text.data() + text.size(), count);
  return count;
}

}  // namespace foldlog::test
