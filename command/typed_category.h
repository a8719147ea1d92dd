#pragma once

#include <string>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "command/category.h"

namespace foldlog {

/// A decider (decider.h) as a category: the only place where its types meet JSON.
template <decider Decider>
class typed_category final : public category {
 public:
  using state_type = typename Decider::state;
  using event = typename Decider::event;
  using command_type = typename Decider::command;
  using codec = event_codec<event>;

  explicit typed_category(std::string_view domain) : domain_(domain) {
    add_event_types(std::make_index_sequence<std::variant_size_v<event>>());
  }

  std::string_view domain() const override { return domain_; }
  std::string_view name() const override { return Decider::category; }
  const std::vector<std::string>& event_types() const override { return event_types_; }
  bool has_command(std::string_view command) const override { return command_codec<command_type>::knows(command); }

  bool records_refusals() const override {
    if constexpr (requires { Decider::record_refusals; }) return Decider::record_refusals;
    return false;
  }

  /// FNV-1a over the names and types of the state's members and the state's version.
  std::uint64_t fingerprint() const override {
    std::uint64_t mixed = 0xcbf29ce484222325U;
    std::string form;
    append_shape<state_type>(form);
    if constexpr (requires { Decider::state_version; }) form += std::to_string(Decider::state_version);
    for (const char c : form) mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return mixed;
  }

  state_pointer initial() const override { return std::make_shared<const holder>(Decider::initial()); }

  result<state_pointer> load(json::element stored) const override {
    auto state = json::read<state_type>(stored);
    if (!state) return std::unexpected(state.error());
    return std::make_shared<const holder>(std::move(*state));
  }

  void save(std::string& out, const aggregate_state& state) const override { json::write(out, value(state)); }

  std::size_t bytes(const aggregate_state& state) const override {
    std::string text;
    json::write(text, value(state));
    return sizeof(holder) + text.size();
  }

  result<state_pointer> evolve(const aggregate_state& state, std::string_view type, json::element data) const override {
    auto happened = read_event(type, data);
    if (!happened) return std::unexpected(happened.error());
    return std::make_shared<const holder>(Decider::evolve(state_type(value(state)), *happened));
  }

  result<decided_event> upcast(std::string_view type, json::element data) const override {
    auto happened = read_event(type, data);
    if (!happened) return std::unexpected(happened.error());
    decided_event newest{.type = newest_types_[happened->index()], .data = {}};
    codec::write(newest.data, *happened);
    return newest;
  }

  result<std::expected<decided, refusal>> decide(const aggregate_state& state, std::string_view command,
                                                 json::element data, const command_context& context) const override {
    auto wanted = command_codec<command_type>::read(command, data);
    if (!wanted) return std::unexpected(wanted.error());
    auto decision = Decider::decide(value(state), *wanted, context);
    if (!decision) return std::expected<decided, refusal>(std::unexpect, std::move(decision.error()));
    return std::expected<decided, refusal>(apply(state, *decision));
  }

 private:
  template <typename T>
  static void append_shape(std::string& form) {
    form += typeid(T).name();
    if constexpr (json::codec_detail::described<T>) {
      boost::mp11::mp_for_each<json::codec_detail::members_of<T>>([&](auto member) {
        form += member.name;
        append_shape<std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>>(form);
      });
    }
  }

  struct holder final : aggregate_state {
    explicit holder(state_type held) : state(std::move(held)) {}
    state_type state;
  };

  static const state_type& value(const aggregate_state& state) { return static_cast<const holder&>(state).state; }

  template <std::size_t... I>
  void add_event_types(std::index_sequence<I...> /*indexes*/) {
    (add_event_type<I>(), ...);
  }
  template <std::size_t I>
  void add_event_type() {
    using alternative = std::variant_alternative_t<I, event>;
    codec_detail::for_each_version<alternative>([&](std::uint32_t version) {
      event_types_.push_back(domain_ + "." + std::string(alternative::name) + ".v" + std::to_string(version));
      read_as_.emplace_back(I, version);
      if (version == codec::versions[I]) newest_types_.push_back(event_types_.back());
    });
  }

  result<event> read_event(std::string_view type, json::element data) const {
    for (std::size_t i = 0; i < event_types_.size(); ++i) {
      if (event_types_[i] == type) return codec::read(codec::names[read_as_[i].first], read_as_[i].second, data);
    }
    return fail(error_kind::invalid, "nobody knows the event type " + std::string(type));
  }

  decided apply(const aggregate_state& state, const std::vector<event>& events) const {
    decided outcome;
    if (events.empty()) return outcome;
    auto newest = state_type(value(state));
    outcome.events.reserve(events.size());
    for (const auto& happened : events) {
      auto& written = outcome.events.emplace_back();
      written.type = newest_types_[happened.index()];
      written.data.reserve(96);
      codec::write(written.data, happened);
      newest = Decider::evolve(std::move(newest), happened);
    }
    outcome.state = std::make_shared<const holder>(std::move(newest));
    return outcome;
  }

  std::string domain_;
  std::vector<std::string> event_types_;
  std::vector<std::pair<std::size_t, std::uint32_t>> read_as_;  ///< of each: the alternative and the version
  std::vector<std::string> newest_types_;                       ///< of the alternatives
};

}  // namespace foldlog
