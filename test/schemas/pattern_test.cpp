#include "schemas/pattern.h"

#include <doctest/doctest.h>

#include <vector>

using namespace foldlog;

TEST_CASE("patterns mean what ECMA-262 says") {
  struct row {
    std::string_view pattern;
    std::string_view text;
    bool matches;
  };
  const std::vector<row> rows{
      {"b", "abc", true},
      {"^b", "abc", false},
      {"^[A-Z]{3}$", "EUR", true},
      {"^[A-Z]{3}$", "EUR\n", false},
      {"^[A-Z]{3}$", "EURO", false},
      {"^.$", "ä", true},
      {"^.$", "😀", true},
      {"^.$", "\xe2\x80\xa8", false},
      {"^.$", "\r", false},
      {"^\\s$", "\xc2\xa0", true},
      {"^\\S$", "\xc2\xa0", false},
      {"^\\s$", "\v", true},
      {"^[\\s\\S]$", "ä", true},
      {"^[^\\s]$", "\xe3\x80\x80", false},
      {"^\\d$", "५", false},
      {"^\\w$", "ä", false},
      {"^\\u00e4\\x41$", "äA", true},
      {"^\\ud83d\\ude00$", "😀", true},
      {"^\\u{1f600}$", "😀", true},
      {"^\\cJ$", "\n", true},
      {"^a\\/b\\-c$", "a/b-c", true},
      {"^[[]$", "[", true},
      {"^[[:alpha:]$", ":", true},
      {"[]", "a", false},
      {"^[^]$", "\n", true},
      {"^(?:a|b)+?(?<name>c)$", "abc", true},
      {"^\\p{Lu}\\P{Lu}$", "Äa", true},
      {"^\\p{Script=Greek}$", "α", true},
      {"^[\\b]$", "\b", true},
      {"\\0", std::string_view("\0", 1), true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    const auto compiled = pattern::compile(row.pattern);
    REQUIRE_MESSAGE(compiled.has_value(), compiled.error().text);
    CHECK(compiled->matches(row.text) == row.matches);
  }
}

TEST_CASE("patterns that need more than linear time, or that only other dialects have, are refused") {
  for (const std::string_view text :
       {"(?=a)", "(?!a)",   "(?<=a)b", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>", "(",     "[a",       "a**",
        "\\",    "\\A",     "\\z",     "\\Q",     "\\a",    "\\C",           "(?i)a", "(?P<n>a)", "\\012",
        "\\u12", "\\ud800", "\\xg1",   "\\c1",    "\\pL",   "a{2000}",       "[b-a]"}) {
    CAPTURE(text);
    const auto compiled = pattern::compile(text);
    REQUIRE_FALSE(compiled.has_value());
    CHECK(compiled.error().kind == error_kind::invalid);
    CHECK_FALSE(compiled.error().text.empty());
  }
}
