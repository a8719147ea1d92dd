#include "schemas/decimal.h"

#include <vector>

#include "test/schemas/parsed.h"

using namespace foldlog;
using json::decimal;

TEST_CASE("decimals compare by value, exactly") {
  const std::vector<std::string_view> rising{"-1e400",
                                             "-18446744073709551616",
                                             "-10",
                                             "-9.99",
                                             "-1e-400",
                                             "0",
                                             "1e-400",
                                             "0.1",
                                             "0.10000000000000000000001",
                                             "1",
                                             "9007199254740992",
                                             "9007199254740993.0",
                                             "9223372036854775807",
                                             "9223372036854775808",
                                             "9223372036854775808.5",
                                             "1e400"};
  for (std::size_t i = 0; i < rising.size(); ++i) {
    for (std::size_t j = 0; j < rising.size(); ++j) {
      CAPTURE(rising[i]);
      CAPTURE(rising[j]);
      CHECK((decimal::parse(rising[i]) <=> decimal::parse(rising[j])) == (i <=> j));
      const parsed left(rising[i]);
      const parsed right(rising[j]);
      CHECK(json::compare_numbers(left.root, right.root) == (i <=> j));
      CHECK(json::equal(left.root, right.root) == (i == j));
    }
  }
}

TEST_CASE("one value has one decimal") {
  for (const std::string_view text : {"120", "120.0", "1.2e2", "0.00120E5", "12000e-2"}) {
    CHECK(decimal::parse(text) == decimal{.negative = false, .digits = "12", .exponent = 3});
  }
  for (const std::string_view text : {"0", "-0", "0.000", "-0e99"}) CHECK(decimal::parse(text) == decimal{});
}

TEST_CASE("multiples are told without rounding") {
  struct row {
    std::string_view number;
    std::string_view divisor;
    bool is_multiple;
  };
  const std::vector<row> rows{
      {"0", "7", true},
      {"14", "7", true},
      {"-14.0", "7", true},
      {"15", "7", false},
      {"0.3", "0.1", true},
      {"1.1", "0.1", true},
      {"4.35", "0.01", true},
      {"4.355", "0.01", false},
      {"0.0075", "0.0001", true},
      {"0.00751", "0.0001", false},
      {"1e308", "0.5", true},
      {"1e400", "3", false},
      {"1e400", "1e399", true},
      {"3e400", "3", true},
      {"5", "10", false},
      {"0.5", "1", false},
      {"9007199254740993", "2", false},
      {"18446744073709551616", "4294967296", true},
      {"1000000000000000000000000000001", "1e30", false},
      {"12", "1.5", true},
      {"1e18", "999999999999999999", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.number);
    CAPTURE(row.divisor);
    CHECK(decimal::parse(row.number).is_multiple_of(decimal::parse(row.divisor)) == row.is_multiple);
  }
}
