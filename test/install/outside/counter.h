#pragma once

#include <array>
#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "command/decider.h"
#include "projections/projection.h"

// The domain `tally`: counters that are counted up and set back.
namespace tally {

struct counted {
  static constexpr std::string_view name = "Counted";
  static constexpr std::uint32_t schema_version = 1;
  std::int64_t by = 0;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(counted, (), (by, count))

struct set_back {
  static constexpr std::string_view name = "SetBack";
  static constexpr std::uint32_t schema_version = 1;
};
BOOST_DESCRIBE_STRUCT(set_back, (), ())

struct count {
  static constexpr std::string_view name = "Count";
  std::int64_t by = 1;
};
BOOST_DESCRIBE_STRUCT(count, (), (by))

struct reset {
  static constexpr std::string_view name = "Reset";
};
BOOST_DESCRIBE_STRUCT(reset, (), ())

struct too_high {
  static constexpr std::string_view code = "too-high";
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(too_high, (), (count))

struct counter_state {
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(counter_state, (), (count))

struct counter {
  using state = counter_state;
  using event = std::variant<counted, set_back>;
  using command = std::variant<count, reset>;
  static constexpr std::string_view category = "counter";

  static state initial() { return {}; }

  static state evolve(state, const event& happened) {
    const auto* up = std::get_if<counted>(&happened);
    return {up != nullptr ? up->count : 0};
  }

  static foldlog::decision<event> decide(const state& now, const command& wanted, const foldlog::command_context&) {
    if (const auto* up = std::get_if<count>(&wanted)) {
      if (now.count + up->by > 10) return foldlog::refuse(too_high{now.count});
      return {{counted{up->by, now.count + up->by}}};
    }
    if (now.count == 0) return {};
    return {{set_back{}}};
  }
};
static_assert(foldlog::decider<counter>);

struct counter_row {
  std::int64_t count = 0;
  std::int64_t resets = 0;
};
BOOST_DESCRIBE_STRUCT(counter_row, (), (count, resets))

class counters {
 public:
  static constexpr std::string_view topic = "tally.counter";
  static constexpr std::string_view view = "counters";
  using event = counter::event;

  explicit counters(foldlog::view_scope& scope) : rows_(scope) {}

  void on(const counted& happened, const foldlog::event_context& at) {
    if (rows_.find(at.id) == nullptr) rows_.put(at.id, {});
    rows_.update(at.id, [&](counter_row& row) { row.count = happened.count; });
  }
  void on(const set_back&, const foldlog::event_context& at) {
    rows_.update(at.id, [](counter_row& row) { row = {0, row.resets + 1}; });
  }

 private:
  foldlog::keyed_view<counter_row> rows_;
};

}  // namespace tally
