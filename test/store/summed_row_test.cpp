#include <doctest/doctest.h>

#include "core/store/summed_row.h"

using namespace foldlog;

TEST_CASE("a summed row is integers between pieces of JSON") {
  const summed_row row{{"{\"owner\":\"eve\",\"accounts\":", ",\"closed\":", "}"}, {2, -1}};
  CHECK(row.render() == R"({"owner":"eve","accounts":2,"closed":-1})");
  CHECK(summed_row::decode(row.encode()) == row);
}

TEST_CASE("the bytes of a summed row are as documented") {
  CHECK(summed_row{{"{\"n\":", "}"}, {-3}}.encode() == std::string("\x02\x01\x05\x05{\"n\":\x01}"));
}

TEST_CASE("numbers of all sizes survive their encoding") {
  for (const std::int64_t number :
       {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
    const summed_row row{{"a", "b"}, {number}};
    CHECK(summed_row::decode(row.encode()) == row);
  }
}

TEST_CASE("adding adds number by number, and changes nothing when it cannot") {
  summed_row row{{"a", "b", "c"}, {1, INT64_MAX}};
  CHECK(row.add({{"a", "b", "c"}, {-5, 0}}));
  CHECK(row.numbers == std::vector<std::int64_t>{-4, INT64_MAX});
  CHECK(!row.add({{"a", "b", "c"}, {1, 1}}));
  CHECK(!row.add({{"a", "b", "x"}, {1, 0}}));
  CHECK(!row.add({{"a", "b"}, {1}}));
  CHECK(row.numbers == std::vector<std::int64_t>{-4, INT64_MAX});
}

TEST_CASE("any other bytes are no summed row") {
  const auto good = summed_row{{"{\"n\":", "}"}, {300}}.encode();
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(!summed_row::decode(good.substr(0, size)));
  CHECK(!summed_row::decode(good + "x"));
  CHECK(!summed_row::decode("\x01{}"));
  CHECK(!summed_row::decode(std::string("\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")));
}
