#include "query/cursor.h"

#include <doctest/doctest.h>

#include <string>

using namespace foldlog::query;

TEST_CASE("a cursor gives back the entry that it was made of, for the same query") {
  for (const auto& last :
       {std::string(), std::string("alice"), std::string("\x02owner\0\1key", 11), std::string(1024, '\xff')}) {
    const auto cursor = encode_cursor("query", last);
    CHECK(decode_cursor("query", cursor) == last);
    CHECK(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
          std::string::npos);
  }
}

TEST_CASE("a cursor of another query is refused") {
  CHECK(!decode_cursor("other", encode_cursor("query", "alice")));
  // The border between the query and the entry counts.
  CHECK(!decode_cursor("quer", encode_cursor("query", "alice")));
  CHECK(!decode_cursor("", encode_cursor("query", "alice")));
}

TEST_CASE("a cursor with any one character altered, added or missing is refused") {
  for (const std::string last : {"a", "al", "ali"}) {  // all three lengths of a last group
    const auto cursor = encode_cursor("query", last);
    for (std::size_t i = 0; i < cursor.size(); ++i) {
      for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ")) {
        auto altered = cursor;
        altered[i] = c;
        if (altered != cursor) CHECK(!decode_cursor("query", altered));
      }
      CHECK(!decode_cursor("query", std::string(cursor).erase(i, 1)));
    }
    CHECK(!decode_cursor("query", cursor + "="));
    CHECK(!decode_cursor("query", cursor + "A"));
  }
  CHECK(!decode_cursor("query", ""));
}

TEST_CASE("the bytes of a cursor are those of the format") {
  CHECK(encode_cursor("query", "alice") == "AfE2X58Gh9OxYWxpY2U");
}
