#include <fmt/format.h>

#include <random>
#include <vector>

#include "core/base/hash.h"
#include "test/schemas/parsed.h"

using namespace foldlog;
using json::kind;

namespace {

std::string refusal(std::string_view text) {
  json::parser parser;
  const auto outcome = parser.parse(text);
  if (outcome) return "accepted";
  CHECK(outcome.error().kind == error_kind::invalid);
  return outcome.error().text;
}

std::string repeat(std::string_view piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

bool mentions(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("every kind of value is seen as what it is") {
  const parsed document(R"({"n":null,"t":true,"f":false,"i":-7,"r":2.5,"s":"\u00e4\n","a":[1,[2],{}],"o":{"k":0}})");
  const auto at = [&](std::string_view key) { return *document.root.find(key); };
  CHECK(document.root.kind() == kind::object);
  CHECK(document.root.size() == 8);
  CHECK(at("n").kind() == kind::null);
  CHECK(at("t").as_bool());
  CHECK_FALSE(at("f").as_bool());
  CHECK(at("f").kind() == kind::boolean);
  CHECK(at("i").as_int64() == -7);
  CHECK(at("i").kind() == kind::integer);
  CHECK(at("r").as_double() == 2.5);
  CHECK(at("r").as_int64() == std::nullopt);
  CHECK(at("s").as_string() == "ä\n");
  CHECK(at("a").size() == 3);
  CHECK(at("o").find("k")->as_int64() == 0);
  CHECK(at("o").find("x") == std::nullopt);
  CHECK(json::element().kind() == kind::null);
}

TEST_CASE("items and members come in the order of the document, past nested ones") {
  const parsed document(R"([[1,[2,3.5]],{"b":{"x":[]},"a":4.25},"end"])");
  std::vector<kind> kinds;
  for (const auto item : document.root.items()) kinds.push_back(item.kind());
  CHECK(kinds == std::vector{kind::array, kind::object, kind::string});
  std::string keys;
  for (const auto [key, value] : (*std::next(document.root.items().begin())).members()) keys += key;
  CHECK(keys == "ba");
}

TEST_CASE("a value of another kind gives nothing") {
  const parsed document(R"(["5",5,true])");
  const auto text = *document.root.items().begin();
  CHECK(text.as_int64() == std::nullopt);
  CHECK(text.as_double() == std::nullopt);
  CHECK_FALSE(text.as_bool());
  CHECK(text.size() == 0);
  CHECK(text.items().begin() == text.items().end());
  CHECK(text.members().begin() == text.members().end());
  CHECK(document.root.as_string().empty());
}

TEST_CASE("numbers keep their value, however they are written and however large they are") {
  struct row {
    std::string_view text;
    json::kind kind;
    std::optional<std::int64_t> integer;
    std::optional<std::uint64_t> natural;
    std::string_view source;
  };
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  const std::vector<row> rows{
      {"5", kind::integer, 5, 5, ""},
      {"-0", kind::integer, 0, 0, ""},
      {"5.0", kind::real, 5, 5, "5.0"},
      {"5e0", kind::real, 5, 5, "5e0"},
      {"0.05E+2", kind::real, 5, 5, "0.05E+2"},
      {"-0.0", kind::real, 0, 0, "-0.0"},
      {"5.5", kind::real, {}, {}, "5.5"},
      {"5.00000000000000000000000000001", kind::real, {}, {}, "5.00000000000000000000000000001"},
      {"9007199254740993.0", kind::real, 9007199254740993, 9007199254740993, "9007199254740993.0"},
      {"9223372036854775807", kind::integer, most, most, ""},
      {"-9223372036854775808", kind::integer, least, {}, ""},
      {"-9223372036854775808.0", kind::real, least, {}, "-9223372036854775808.0"},
      {"9223372036854775808", kind::big_number, {}, 9223372036854775808ULL, "9223372036854775808"},
      {"18446744073709551615", kind::big_number, {}, 18446744073709551615ULL, "18446744073709551615"},
      {"18446744073709551616", kind::big_number, {}, {}, "18446744073709551616"},
      {"-9223372036854775809", kind::big_number, {}, {}, "-9223372036854775809"},
      {"1000000000000000000000000000000", kind::big_number, {}, {}, "1000000000000000000000000000000"},
      {"1e400", kind::big_number, {}, {}, "1e400"},
      {"-2.5E+999999999999999999999", kind::big_number, {}, {}, "-2.5E+999999999999999999999"},
      {"1e-400", kind::real, {}, {}, "1e-400"},
      {"0e999", kind::real, 0, 0, "0e999"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    for (const auto& [before, behind] :
         std::vector<std::pair<std::string, std::string>>{{"[", "]"}, {"[ ", " ,1e500]"}}) {
      const parsed document(fmt::format("{}{}{}", before, row.text, behind));
      const auto number = *document.root.items().begin();
      CHECK(number.kind() == row.kind);
      CHECK(number.as_int64() == row.integer);
      CHECK(number.as_uint64() == row.natural);
      CHECK(number.number_text() == row.source);
    }
  }
  CHECK(parsed("1e400").root.as_double() == std::nullopt);
  CHECK(parsed("1000000000000000000000000000000").root.as_double() == 1e30);
  CHECK(parsed("1e400").root.kind() == kind::big_number);
}

TEST_CASE("large numbers beside strings that look like them stay apart") {
  const parsed document(R"({"1e400\"1e400":"1e400, \\","b":[1e400,"\\\"",-1E999,7,0],"1e999":0})");
  CHECK(document.root.find("1e400\"1e400")->as_string() == "1e400, \\");
  std::string kinds;
  for (const auto item : document.root.find("b")->items()) kinds += std::string(json::name(item.kind())) + " ";
  CHECK(kinds == "number string number integer integer ");
  CHECK(document.root.find("1e999")->as_int64() == 0);
}

TEST_CASE("what is no JSON is refused with the reason") {
  const std::vector<std::pair<std::string, std::string_view>> rows{
      {"", "no JSON value"},
      {" \n\t", "no JSON value"},
      {"{} {}", "bracket"},
      {"{}x", "bracket"},
      {"1 2", "bracket"},
      {"[1,]", "bracket"},
      {"[1", "bracket"},
      {"{\"a\"}", "bracket"},
      {"{a:1}", "bracket"},
      {"[01]", "number"},
      {"[1.]", "number"},
      {"[-]", "number"},
      {"[+1]", "bracket"},
      {"[.5]", "bracket"},
      {"[01e400]", "number"},
      {"[1e400x]", "bracket"},
      {"[1e400 1]", "bracket"},
      {"[NaN]", "bracket"},
      {"[tru]", "true, false or null"},
      {"[\"a]", "closing quote"},
      {"[\"a\tb\"]", "control character"},
      {"[\"\\x\"]", "escape"},
      {"[\"\\u12g4\"]", "escape"},
      {"['a']", "bracket"},
      {"[1]//", "bracket"},
      {"\xef\xbb\xbf[]", "byte order mark"},
      {"[\"\xff\"]", "UTF-8"},
      {"[\"\xc3\"]", "UTF-8"},
      {"[\"\xed\xa0\x80\"]", "UTF-8"},
      {"[\"\xc0\x80\"]", "UTF-8"},
      {std::string("[1]\0", 4), "bracket"},
  };
  for (const auto& [text, reason] : rows) {
    CAPTURE(text);
    const auto said = refusal(text);
    CHECK_MESSAGE(mentions(said, reason), said);
  }
}

TEST_CASE("a key that stands twice is refused, however it is written and wherever it stands") {
  for (const std::string text : {R"({"a":1,"a":1})", R"({"a":1,"\u0061":2})", R"([{"x":{"b":0,"c":[],"b":1}}])",
                                 R"({"":1,"":2})", R"({"ä":1,"\u00e4":2})"}) {
    CAPTURE(text);
    CHECK(mentions(refusal(text), "more than once"));
  }
  CHECK(mentions(refusal(R"([{"k\n":1,"k\n":2}])"), R"("k\n" stands more than once in the object at byte 1)"));
  CHECK(refusal(R"({"a":{"a":{"a":1}},"b":{"a":1},"A":1})") == "accepted");
}

TEST_CASE("a repeated key is found among very many, in good time") {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  CHECK(refusal(text + "\"last\":0}") == "accepted");
  CHECK(mentions(refusal(text + "\"k7\":0}"), "\"k7\""));
  CHECK(mentions(refusal(text + "\"\\u006b7\":0}"), "\"k7\""));
}

TEST_CASE("a surrogate without its partner is refused in values and in keys") {
  for (const std::string_view escape :
       {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\ud83d\ud83d\ude00)", R"(\ude00\ud83d)", R"(\uDBFFx)",
        R"(\ud800\n)", R"(x\ud800\u0041)", R"(\\\ud800)"}) {
    CAPTURE(escape);
    CHECK(refusal("[\"" + std::string(escape) + "\"]") != "accepted");
    CHECK(refusal("{\"" + std::string(escape) + "\":1}") != "accepted");
  }
  for (int code = 0xd800; code < 0xe000; ++code) {
    const auto escape = "\\u" + hex(static_cast<std::uint64_t>(code), 4);
    for (const std::string behind : {"", "x", "\\n", "\\u0041", "\\ud800", "\\ue000"}) {
      CHECK(mentions(refusal(fmt::format("[\"{}{}\"]", escape, behind)), "lone surrogate"));
    }
  }
  CHECK(parsed(R"(["\ud83d\ude00"])").root.items().begin().operator*().as_string() == "😀");
  CHECK(refusal(R"({"\uD83D\uDE00":1})") == "accepted");
  CHECK(refusal(R"(["\\ud800"])") == "accepted");
  CHECK(refusal(R"(["\\\\ud800\""])") == "accepted");
}

TEST_CASE("64 levels are allowed, 65 are not, for arrays, objects and both, empty or not") {
  for (const std::string_view inside : {"", "1"}) {
    CHECK(refusal(repeat("[", 64) + std::string(inside) + repeat("]", 64)) == "accepted");
    CHECK(mentions(refusal(repeat("[", 65) + std::string(inside) + repeat("]", 65)), "nesting deeper than 64"));
  }
  CHECK(refusal(repeat("{\"a\":", 63) + "{}" + repeat("}", 63)) == "accepted");
  CHECK(mentions(refusal(repeat("{\"a\":", 64) + "{}" + repeat("}", 64)), "nesting deeper than 64"));
  CHECK(mentions(refusal(repeat("{\"a\":", 64) + "[]" + repeat("}", 64)), "nesting deeper than 64"));
  CHECK(mentions(refusal(repeat("[", 100'000) + repeat("]", 100'000)), "nesting deeper than 64"));
}

TEST_CASE("a parser serves one document after another, large, small and bad ones") {
  json::parser parser;
  const std::string large = "[\"" + std::string(200'000, 'x') + "\",1e400]";
  for (int i = 0; i < 3; ++i) {
    CHECK(parser.parse(large)->size() == 2);
    CHECK_FALSE(parser.parse("[").has_value());
    CHECK(parser.parse("{\"a\":1}")->find("a")->as_int64() == 1);
    CHECK_FALSE(parser.parse("{\"a\":1,\"a\":1}").has_value());
  }
  const auto root = *parser.parse("[1.5]");
  const json::parser moved = std::move(parser);
  CHECK((*root.items().begin()).number_text() == "1.5");
}

TEST_CASE("a document written again is the same document") {
  for (const std::string_view text : {R"({"b":[1,-2.50,1E5,1e999,"\"\\\u0001ä"],"a":{},"c":[[],null,true,false]})",
                                      R"("x")", "12345678901234567890", "[]"}) {
    CHECK(text_of(parsed(text).root) == text);
  }
}

TEST_CASE("strings are escaped where they must be and nowhere else") {
  const auto quoted = [](std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
  };
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("plain / text ä 😀 \x7f") == "\"plain / text ä 😀 \x7f\"");
  CHECK(quoted(std::string_view("\0\x01\b\t\n\v\f\r\x1f", 9)) == R"("\u0000\u0001\b\t\n\u000b\f\r\u001f")");
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'a');
    text[at] = '"';
    CHECK(quoted(text) == "\"" + std::string(at, 'a') + "\\\"" + std::string(19 - at, 'a') + "\"");
    text[at] = '\\';
    CHECK(quoted(text) == "\"" + std::string(at, 'a') + "\\\\" + std::string(19 - at, 'a') + "\"");
  }
}

TEST_CASE("a damaged document is refused or read, and never more") {
  const std::string seed_text =
      R"({"a":[1,2.5,-3e2,1e400,123456789012345678901],"b\u0041\ud83d\ude00":{"c":null,"d":[true,false,"x\\y"]},"e":"ü€"})";
  constexpr unsigned seed = 20261121;
  CAPTURE(seed);
  std::mt19937 random(seed);
  json::parser parser;
  json::parser again;
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed_text;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      const auto at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = R"({}[]",:\0123eE+-. nutf)"[random() % 22];
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 8));
      }
    }
    const auto document = parser.parse(text);
    if (!document) continue;
    ++accepted;
    const auto copy = again.parse(text_of(*document));
    REQUIRE_MESSAGE(copy.has_value(), text);
    REQUIRE_MESSAGE(json::equal(*document, *copy), text);
  }
  CHECK(accepted > 1000);
}
