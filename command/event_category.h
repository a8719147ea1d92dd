#pragma once

#include <string>
#include <vector>

#include "command/category.h"

namespace foldlog {

/// A category without a decider: clients decide, and what they append are its events. It knows their types and nothing
/// of their meaning; its one command is `append_command`, which no client can call by that name. The data of that
/// command is
/// `[{"type","data"}, …]`.
class event_category final : public category {
 public:
  static constexpr std::string_view append_command = "append";

  /// `event_types`: full ones, `orders.OrderPlaced.v1`.
  event_category(std::string_view domain, std::string_view name, std::vector<std::string> event_types)
      : domain_(domain), name_(name), event_types_(std::move(event_types)) {}

  std::string_view domain() const override { return domain_; }
  std::string_view name() const override { return name_; }
  bool has_command(std::string_view) const override { return false; }
  const std::vector<std::string>& event_types() const override { return event_types_; }
  bool records_refusals() const override { return false; }
  bool has_state() const override { return false; }
  std::uint64_t fingerprint() const override { return 1; }

  state_pointer initial() const override;
  result<state_pointer> load(json::element state) const override;
  void save(std::string& out, const aggregate_state& state) const override;
  std::size_t bytes(const aggregate_state&) const override { return 0; }
  result<state_pointer> evolve(const aggregate_state& state, std::string_view event_type,
                               json::element data) const override;
  result<decided_event> upcast(std::string_view event_type, json::element data) const override;
  result<std::expected<decided, refusal>> decide(const aggregate_state& state, std::string_view command,
                                                 json::element data, const command_context& context) const override;

 private:
  [[nodiscard]] result<std::string_view> known_type(std::string_view type) const;

  std::string domain_;
  std::string name_;
  std::vector<std::string> event_types_;
};

}  // namespace foldlog
