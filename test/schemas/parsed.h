#pragma once

#include <doctest/doctest.h>

#include <string_view>

#include "schemas/json.h"

namespace foldlog {

/// A document with its parser, for tests; fails the test when the text is no JSON.
struct parsed {
  explicit parsed(std::string_view text) {
    auto outcome = parser.parse(text);
    REQUIRE_MESSAGE(outcome.has_value(), std::string(text), ": ", outcome ? "" : outcome.error().text);
    root = *outcome;
  }

  json::parser parser;
  json::element root;
};

inline std::string canonical(std::string_view text) {
  std::string out;
  json::append_canonical(out, parsed(text).root);
  return out;
}

}  // namespace foldlog
