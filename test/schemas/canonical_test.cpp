#include <bit>
#include <random>
#include <string>
#include <vector>

#include "test/schemas/parsed.h"

using namespace foldlog;

TEST_CASE("the example of RFC 8785 section 3.2.2") {
  CHECK(canonical(R"({
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    })") ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("keys are sorted by their UTF-16 code units, as in RFC 8785 section 3.2.3") {
  CHECK(
      canonical(R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
                      "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})") ==
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\","
      "\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
  CHECK(canonical(R"({"aa":1,"a":2,"":3,"b":4,"a\ue000":5,"a\ud800\udc00":6})") ==
        "{\"\":3,\"a\":2,\"aa\":1,\"a\U00010000\":6,\"a\ue000\":5,\"b\":4}");
}

TEST_CASE("many members are sorted as few are, at every level") {
  std::string text = "{";
  std::string expected = "{";
  for (int i = 99; i >= 10; --i) text += "\"" + std::to_string(i) + "\":{\"b\":1,\"a\":2}" + (i > 10 ? "," : "}");
  for (int i = 10; i <= 99; ++i) expected += "\"" + std::to_string(i) + "\":{\"a\":2,\"b\":1}" + (i < 99 ? "," : "}");
  CHECK(canonical(text) == expected);
}

TEST_CASE("the numbers of RFC 8785 appendix B") {
  const std::vector<std::pair<std::uint64_t, std::string_view>> rows{
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : rows) {
    std::string out;
    json::append_real(out, std::bit_cast<double>(bits));
    CHECK(out == text);
  }
}

TEST_CASE("numbers in canonical form") {
  const std::vector<std::pair<std::string_view, std::string_view>> rows{
      {"5", "5"},
      {"5.0", "5"},
      {"5e0", "5"},
      {"-0", "0"},
      {"-0.0", "0"},
      {"1e2", "100"},
      {"1e21", "1e+21"},
      {"123456789012345680000.0", "123456789012345680000"},
      {"0.1e-5", "0.000001"},
      {"0.1e-6", "1e-7"},
      {"1.5e300", "1.5e+300"},
      // Plain integers keep all their digits: API.md section 4.
      {"9007199254740993", "9007199254740993"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"1000000000000000000000000000001", "1000000000000000000000000000001"},
      // Beyond a double's range.
      {"1e400", "1e+400"},
      {"-120.50E+400", "-1.205e+402"},
  };
  for (const auto& [text, expected] : rows) CHECK(canonical(text) == expected);
}

TEST_CASE("a real that is written reads back as the same real") {
  constexpr unsigned seed = 7;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (!(number - number == 0)) continue;
    std::string text = "[";
    json::append_real(text, number);
    REQUIRE((*parsed(text + "]").root.items().begin()).as_double() == number);
  }
}
