#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/decider.h"
#include "core/base/result.h"
#include "schemas/json.h"

namespace foldlog {

/// A state of some aggregate, immutable: a new one is made by every commit, so that what is certain and what is newest
/// stand side by side without a copy.
class aggregate_state {
 public:
  virtual ~aggregate_state() = default;
};
using state_pointer = std::shared_ptr<const aggregate_state>;

struct decided_event {
  std::string_view type;  ///< `bank.DepositMade.v1`; lives as long as the category
  std::string data;       ///< JSON
};

struct decided {
  std::vector<decided_event> events;
  state_pointer state;  ///< after the events
};

/// A decider behind one face: JSON in and out, states without their type.
class category {
 public:
  virtual ~category() = default;
  [[nodiscard]] virtual std::string_view domain() const = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual bool has_command(std::string_view command) const = 0;
  /// `bank.DepositMade.v1` ...: all that can be read, older versions by their upcasters.
  [[nodiscard]] virtual const std::vector<std::string>& event_types() const = 0;
  [[nodiscard]] virtual bool records_refusals() const = 0;
  /// Whether its states are of any use to readers.
  [[nodiscard]] virtual bool has_state() const { return true; }
  /// Changes when the stored form of a state, or its meaning, changes.
  [[nodiscard]] virtual std::uint64_t fingerprint() const = 0;

  [[nodiscard]] virtual state_pointer initial() const = 0;
  [[nodiscard]] virtual result<state_pointer> load(json::element state) const = 0;
  virtual void save(std::string& out, const aggregate_state& state) const = 0;
  /// Memory that the state takes, in bytes, roughly.
  [[nodiscard]] virtual std::size_t bytes(const aggregate_state& state) const = 0;
  /// Errors: invalid (no such event type, or data that do not fit it).
  [[nodiscard]] virtual result<state_pointer> evolve(const aggregate_state& state, std::string_view event_type,
                                                     json::element data) const = 0;
  /// The event in its newest version. Errors as evolve().
  [[nodiscard]] virtual result<decided_event> upcast(std::string_view event_type, json::element data) const = 0;
  /// The outer result is our own failure (data that passed the schema and do not fit the struct), the inner one the
  /// domain's word.
  [[nodiscard]] virtual result<std::expected<decided, refusal>> decide(const aggregate_state& state,
                                                                       std::string_view command, json::element data,
                                                                       const command_context& context) const = 0;
};

}  // namespace foldlog
