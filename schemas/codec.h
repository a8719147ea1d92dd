#pragma once

#include <array>
#include <boost/describe.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "schemas/json.h"

// Described structs (BOOST_DESCRIBE_STRUCT) to JSON and back, with no code written by hand.
//
//     struct deposit { std::int64_t amount; std::optional<std::string> reference; };
//     BOOST_DESCRIBE_STRUCT(deposit, (), (amount, reference))          {"amount":5,"reference":"rent"}
//
// Members: std::string, bool, integers, double, described enums (as their names), described structs, std::vector of
// those; a member may be std::optional of one. Written in declared order, an empty optional is left out. Read in any
// order; null is no value of any of these, an absent member keeps the value of its initialiser and an unknown one is
// ignored: presence is the JSON Schema's business.
namespace foldlog::json {

namespace codec_detail {

/// What went wrong, and where: the pointer grows at its front while the reader returns.
struct failure {
  std::string pointer;
  std::string text;

  bool say(std::string what) {
    text = std::move(what);
    return false;
  }
  bool within(std::string_view key) {
    std::string front;
    append_pointer(front, key);
    pointer.insert(0, front);
    return false;
  }
};

template <typename T>
struct is_optional : std::false_type {};
template <typename T>
struct is_optional<std::optional<T>> : std::true_type {};
template <typename T>
struct is_vector : std::false_type {};
template <typename T>
struct is_vector<std::vector<T>> : std::true_type {};

template <typename T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_any_access>;
template <typename T>
concept described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <typename T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

template <typename T>
bool read_value(element from, T& to, failure& why);

template <std::integral T>
bool read_integer(element from, T& to, failure& why) {
  if constexpr (std::same_as<T, std::uint64_t>) {
    if (const auto number = from.as_uint64()) return to = *number, true;
  } else if (const auto number = from.as_int64(); number && std::in_range<T>(*number)) {
    return to = static_cast<T>(*number), true;
  }
  return why.say(std::string("is no integer of ") + (std::is_signed_v<T> ? "" : "unsigned ") +
                 std::to_string(sizeof(T) * 8) + " bits");
}

template <described_enum T>
bool read_enum(element from, T& to, failure& why) {
  bool found = false;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto entry) {
    if (!found && from.kind() == kind::string && from.as_string() == entry.name) {
      to = entry.value;
      found = true;
    }
  });
  return found || why.say("is none of the names allowed");
}

template <typename T>
bool read_items(element from, std::vector<T>& to, failure& why) {
  if (from.kind() != kind::array) return why.say("is no array");
  to.clear();
  to.reserve(from.size());
  for (const auto item : from.items()) {
    if (!read_value(item, to.emplace_back(), why)) return why.within(std::to_string(to.size() - 1));
  }
  return true;
}

template <described T>
bool read_members(element from, T& to, failure& why) {
  if (from.kind() != kind::object) return why.say("is no object");
  for (const auto [key, value] : from.members()) {
    bool good = true;
    const auto take = [&](auto descriptor) {
      if (key != descriptor.name) return false;
      good = read_value(value, to.*descriptor.pointer, why);
      return true;
    };
    [&]<typename... Ds>(boost::mp11::mp_list<Ds...>) {
      std::ignore = (take(Ds{}) || ...);
    }(boost::mp11::mp_rename<members_of<T>, boost::mp11::mp_list>{});
    if (!good) return why.within(key);
  }
  return true;
}

template <typename T>
bool read_value(element from, T& to, failure& why) {
  if constexpr (std::same_as<T, bool>) {
    to = from.as_bool();
    return from.kind() == kind::boolean || why.say("is no boolean");
  } else if constexpr (std::integral<T>) {
    return read_integer(from, to, why);
  } else if constexpr (std::same_as<T, double>) {
    const auto number = from.as_double();
    to = number.value_or(0);
    return number.has_value() || why.say("is no number within a double's range");
  } else if constexpr (std::same_as<T, std::string>) {
    to = from.as_string();
    return from.kind() == kind::string || why.say("is no string");
  } else if constexpr (is_optional<T>::value) {
    return read_value(from, to.emplace(), why);
  } else if constexpr (is_vector<T>::value) {
    return read_items(from, to, why);
  } else if constexpr (std::is_enum_v<T>) {
    return read_enum(from, to, why);
  } else {
    static_assert(described<T>, "describe the struct with BOOST_DESCRIBE_STRUCT");
    return read_members(from, to, why);
  }
}

template <typename T>
void write_value(std::string& out, const T& from);

template <described T>
void write_members(std::string& out, const T& from) {
  char before = '{';
  boost::mp11::mp_for_each<members_of<T>>([&](auto descriptor) {
    const auto& value = from.*descriptor.pointer;
    const auto write_member = [&](const auto& content) {
      out.push_back(std::exchange(before, ','));
      out.append("\"").append(descriptor.name).append("\":");
      write_value(out, content);
    };
    if constexpr (!is_optional<std::remove_cvref_t<decltype(value)>>::value) {
      write_member(value);
    } else if (value) {
      write_member(*value);
    }
  });
  if (before == '{') out.push_back('{');
  out.push_back('}');
}

template <typename T>
void write_value(std::string& out, const T& from) {
  if constexpr (std::same_as<T, bool>) {
    out.append(from ? "true" : "false");
  } else if constexpr (std::unsigned_integral<T>) {
    append_integer(out, std::uint64_t{from});
  } else if constexpr (std::integral<T>) {
    append_integer(out, std::int64_t{from});
  } else if constexpr (std::same_as<T, double>) {
    append_real(out, from);
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    append_string(out, from);
  } else if constexpr (is_vector<T>::value) {
    out.push_back('[');
    for (bool first = true; const auto& item : from) {
      if (!std::exchange(first, false)) out.push_back(',');
      write_value(out, item);
    }
    out.push_back(']');
  } else if constexpr (std::is_enum_v<T>) {
    append_string(out, boost::describe::enum_to_string(from, ""));
  } else {
    static_assert(described<T>, "describe the struct with BOOST_DESCRIBE_STRUCT");
    write_members(out, from);
  }
}

}  // namespace codec_detail

/// A value of type T; `invalid` with the JSON Pointer of what does not fit.
template <typename T>
[[nodiscard]] result<T> read(element from) {
  T value{};
  codec_detail::failure why;
  if (codec_detail::read_value(from, value, why)) return value;
  return fail(error_kind::invalid, (why.pointer.empty() ? "the value" : why.pointer) + " " + why.text);
}

/// Adds the value's JSON.
template <typename T>
void write(std::string& out, const T& value) {
  codec_detail::write_value(out, value);
}

}  // namespace foldlog::json

namespace foldlog {

/// A struct with a name outside: `static constexpr std::string_view name = "DepositMade";`.
template <typename T>
concept named_struct = requires {
  { T::name } -> std::convertible_to<std::string_view>;
};

/// The version of a struct's schema: its `static constexpr std::uint32_t schema_version`, 1 when it has none.
template <named_struct T>
consteval std::uint32_t schema_version_of() {
  if constexpr (requires { T::schema_version; }) return T::schema_version;
  return 1;
}

/// A struct that can be made from the version before it. Old events stay readable for ever by this chain:
///
///     struct deposit_made_v1 { ... static constexpr std::uint32_t schema_version = 1; };
///     struct deposit_made {
///       static constexpr std::uint32_t schema_version = 2;
///       using previous = deposit_made_v1;                                  of the same name, one version less
///       static deposit_made upcast(const deposit_made_v1& before);         pure
///     };
///
/// Whoever reads an event (owner, runners, replay, states, tail --upcast) sees the newest struct only.
template <typename T>
concept upcasts = named_struct<T> && requires(const typename T::previous& before) {
  { T::upcast(before) } -> std::same_as<T>;
};

namespace codec_detail {

/// Calls `visit(version)` for a struct's version and every older one that upcasters lead from, the newest first.
template <named_struct T, typename Visit>
void for_each_version(const Visit& visit) {
  visit(schema_version_of<T>());
  if constexpr (upcasts<T>) {
    static_assert(
        T::previous::name == T::name && schema_version_of<typename T::previous>() + 1 == schema_version_of<T>(),
        "`previous` is the same name, one version less");
    for_each_version<typename T::previous>(visit);
  }
}

template <named_struct T>
bool reads_version(std::uint32_t version) {
  bool found = false;
  for_each_version<T>([&](std::uint32_t each) { found = found || each == version; });
  return found;
}

/// Data of that version, brought up to T. The version must be one that reads_version() says yes to.
template <named_struct T>
result<T> read_version(std::uint32_t version, json::element data) {
  if constexpr (upcasts<T>) {
    if (version != schema_version_of<T>()) {
      auto before = read_version<typename T::previous>(version, data);
      if (!before) return std::unexpected(std::move(before.error()));
      return T::upcast(*before);
    }
  }
  return json::read<T>(data);
}

}  // namespace codec_detail

/// JSON to and from a std::variant of named structs: the events or the commands of a category.
template <typename Variant>
struct variant_codec;

template <named_struct... Ts>
struct variant_codec<std::variant<Ts...>> {
  using variant = std::variant<Ts...>;
  static constexpr std::array<std::string_view, sizeof...(Ts)> names{Ts::name...};
  static constexpr std::array<std::uint32_t, sizeof...(Ts)> versions{schema_version_of<Ts>()...};

  [[nodiscard]] static bool knows(std::string_view name) { return ((name == Ts::name) || ...); }

  /// `not_found` when no alternative has that name and version, nor an upcaster from it; `invalid` when the data does
  /// not fit it.
  [[nodiscard]] static result<variant> read(std::string_view name, std::uint32_t schema_version, json::element data) {
    std::optional<result<variant>> outcome;
    std::ignore = (try_read<Ts>(name, schema_version, data, outcome) || ...);
    if (outcome) return *std::move(outcome);
    return fail(error_kind::not_found, std::string(name) + ".v" + std::to_string(schema_version) + " is not known");
  }
  [[nodiscard]] static result<variant> read(std::string_view name, json::element data) {
    std::optional<result<variant>> outcome;
    std::ignore = (try_read<Ts>(name, schema_version_of<Ts>(), data, outcome) || ...);
    if (outcome) return *std::move(outcome);
    return fail(error_kind::not_found, std::string(name) + " is not known");
  }

  [[nodiscard]] static std::string_view name_of(const variant& value) { return names[value.index()]; }
  [[nodiscard]] static std::uint32_t version_of(const variant& value) { return versions[value.index()]; }

  /// Adds the data's JSON, without the name.
  static void write(std::string& out, const variant& value) {
    std::visit([&](const auto& data) { json::write(out, data); }, value);
  }

 private:
  template <typename T>
  static bool try_read(std::string_view name, std::uint32_t schema_version, json::element data,
                       std::optional<result<variant>>& outcome) {
    if (name != T::name || !codec_detail::reads_version<T>(schema_version)) return false;
    auto value = codec_detail::read_version<T>(schema_version, data);
    if (value) {
      outcome.emplace(std::in_place, *std::move(value));
    } else {
      outcome.emplace(std::unexpect, std::move(value.error()));
    }
    return true;
  }
};

template <typename Variant>
using event_codec = variant_codec<Variant>;
template <typename Variant>
using command_codec = variant_codec<Variant>;

}  // namespace foldlog
