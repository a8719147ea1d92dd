#pragma once

#include <boost/describe.hpp>
#include <string>
#include <variant>

#include "command/typed_category.h"

// A small domain for tests: it records its refusals, and has commands that change nothing.
namespace foldlog::test {

struct written {
  static constexpr std::string_view name = "Written";
  std::string text;
};
BOOST_DESCRIBE_STRUCT(written, (), (text))
struct write_text {
  static constexpr std::string_view name = "Write";
  std::string text;
};
BOOST_DESCRIBE_STRUCT(write_text, (), (text))
struct empty_text {
  static constexpr std::string_view code = "empty-text";
  std::int64_t length = 0;
};
BOOST_DESCRIBE_STRUCT(empty_text, (), (length))
struct notebook_state {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(notebook_state, (), (text))

struct notebook {
  using state = notebook_state;
  using event = std::variant<written>;
  using command = std::variant<write_text>;
  static constexpr std::string_view category = "notebook";
  static constexpr bool record_refusals = true;
  static state initial() { return {}; }
  static state evolve(const state&, const event& happened) { return {std::get<written>(happened).text}; }
  static decision<event> decide(const state& now, const command& wanted, const command_context&) {
    const auto& text = std::get<write_text>(wanted).text;
    if (text.empty()) return refuse(empty_text{0});
    if (text == now.text) return {};
    return {{written{text}}};
  }
};

inline const category& notebook_category() {
  static const typed_category<notebook> made("test");
  return made;
}

}  // namespace foldlog::test
