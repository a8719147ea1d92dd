#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "schemas/codec.h"

namespace foldlog {

/// What a domain says instead of events: a code (`insufficient-funds`) and members for the client, as JSON text with a
/// comma in front of each (`,"balance":5,"available":5`). Made by refuse() from a described struct.
struct refusal {
  std::string code;
  std::string members;
  bool operator==(const refusal&) const = default;
};

/// A typed refusal: a described struct with `static constexpr std::string_view code`; its members travel to the client.
template <typename Reason>
[[nodiscard]] std::unexpected<refusal> refuse(const Reason& reason) {
  std::string members;
  json::write(members, reason);
  members.pop_back();  // {"a":1} -> ,"a":1
  if (members.size() > 1)
    members.front() = ',';
  else
    members.clear();
  return std::unexpected(refusal{std::string(Reason::code), std::move(members)});
}

/// The 0..n events that a command causes (all of them or none are stored), or a refusal. No events: nothing to do.
template <typename Event>
using decision = std::expected<std::vector<Event>, refusal>;

/// What arrives with a command besides its data. Time and ids come from here, never from a clock.
struct command_context {
  std::string_view stream_id;
  std::uint64_t version = 0;  ///< of the stream, before the command
  timestamp now{};
};

/// One aggregate as pure functions (Chassaing's decider): `initial`, `decide`, `evolve`, over described structs.
///
///     struct counter {
///       struct state { std::int64_t count = 0; };             // described: kept as JSON in the write model
///       using event = std::variant<incremented>;              // described, with `name` and `schema_version`
///       using command = std::variant<increment>;              // described, with `name`
///       static constexpr std::string_view category = "counter";
///       static state initial();
///       static decision<event> decide(const state&, const command&, const command_context&);
///       static state evolve(state, const event&);             // makes no choices
///     };
///
/// When `evolve` changes its meaning, say so with `static constexpr std::uint32_t state_version = 2;`: stored states of
/// another version are folded anew.
template <typename T>
concept decider = requires(const typename T::state& state, const typename T::command& command,
                           const typename T::event& event, const command_context& context) {
  { T::category } -> std::convertible_to<std::string_view>;
  { T::initial() } -> std::same_as<typename T::state>;
  { T::decide(state, command, context) } -> std::same_as<decision<typename T::event>>;
  { T::evolve(typename T::state(state), event) } -> std::same_as<typename T::state>;
};

}  // namespace foldlog
