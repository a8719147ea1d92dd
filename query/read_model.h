#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/position.h"
#include "core/base/result.h"

// What the read side is told when the program is put together: it sees neither deciders nor projections.
namespace foldlog::query {

/// What an index sorts by: text by its bytes, integers as numbers.
enum class index_kind : std::uint8_t { text, integer };

struct index_model {
  std::string name;
  index_kind kind = index_kind::text;
};

struct view_model {
  std::string name;
  std::vector<std::string> topics;  ///< those that it is folded from
  std::vector<index_model> indexes;

  [[nodiscard]] const index_model* find_index(std::string_view name) const;
};

/// An event as a state is folded from it; the views live while the call runs.
struct event_view {
  std::string_view type;  ///< `bank.DepositMade.v1`, as it was written
  std::string_view data;  ///< JSON
  version_t version{0};
  timestamp time{};
};

/// One stream's state while it is folded, from its first event on. One thread at a time.
class state_fold {
 public:
  virtual ~state_fold() = default;
  /// Error: damaged, for an event that the domain cannot read.
  [[nodiscard]] virtual result<void> apply(const event_view& event) = 0;
  /// The state as a JSON object.
  [[nodiscard]] virtual std::string json() const = 0;
};

/// Makes a fold that has seen no event yet.
using state_folder = std::function<std::unique_ptr<state_fold>()>;

struct category_model {
  std::string name;
  std::vector<std::string> event_types;  ///< full types, every version that may stand in the log: `bank.DepositMade.v1`
  state_folder make_state;               ///< empty: its streams have no state
};

struct domain_model {
  std::string name;
  std::vector<view_model> views;
  std::vector<category_model> categories;

  [[nodiscard]] const view_model* find_view(std::string_view view) const;
  [[nodiscard]] const category_model* find_category(std::string_view category) const;
  /// `<domain>.<category>` of all categories: what the view of streams is folded from.
  [[nodiscard]] std::vector<std::string> topics() const;
};

struct read_model {
  std::vector<domain_model> domains;

  [[nodiscard]] const domain_model* find(std::string_view domain) const;
  [[nodiscard]] bool has_topic(std::string_view topic) const;
};

}  // namespace foldlog::query
