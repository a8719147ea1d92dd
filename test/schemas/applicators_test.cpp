// What validator_test.cpp leaves out: references between documents, unevaluated*, conditions, bounds of work. The
// official suite (test/json_schema) has the rest.
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "schemas/validator.h"
#include "test/schemas/allocations.h"
#include "test/schemas/parsed.h"

using namespace foldlog;

namespace {

/// `pointer keyword` of each violation, joined by ", ".
std::string violations(std::string_view schema, std::string_view instance, schema_options options = {}) {
  const auto compiled = validator::compile(schema, std::move(options));
  REQUIRE_MESSAGE(compiled.has_value(), std::string(schema), " ", compiled ? "" : compiled.error().text);
  const parsed document(instance);
  std::string out;
  for (const auto& one : compiled->validate(document.root)) {
    out += (out.empty() ? "" : ", ") + one.pointer + " " + one.keyword;
  }
  CHECK(compiled->is_valid(document.root) == out.empty());
  return out;
}

schema_loader these(std::map<std::string, std::string, std::less<>> documents) {
  return [documents = std::move(documents)](std::string_view uri) -> std::optional<std::string> {
    const auto found = documents.find(uri);
    return found == documents.end() ? std::nullopt : std::optional(found->second);
  };
}

/// `count` definitions of which each leads to the next, `times` times.
std::string chain(int count, int times) {
  std::string text = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < count; ++i) {
    text += "\"d" + std::to_string(i) + R"(":{"allOf":[)";
    for (int j = 0; j < times; ++j)
      text += std::string(j > 0 ? "," : "") + R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
    text += "]},";
  }
  return text + "\"d" + std::to_string(count) + R"(":{"type":"null"}}})";
}

}  // namespace

TEST_CASE("what no schema has looked at is unevaluated, and has its own pointer") {
  constexpr std::string_view members =
      R"({"$ref":"#/$defs/base","properties":{"b":true},"unevaluatedProperties":false,
          "$defs":{"base":{"properties":{"a":{"type":"integer"}},"required":["a"]}}})";
  CHECK(violations(members, R"({"a":1,"b":2})") == "");
  CHECK(violations(members, R"({"a":1,"c":2})") == "/c unevaluatedProperties");
  CHECK(violations(members, R"({"b":1,"c":2})") == " required, /c unevaluatedProperties");
  constexpr std::string_view choice = R"({"anyOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},
                                                   {"properties":{"b":true}}],"unevaluatedProperties":false})";
  CHECK(violations(choice, R"({"a":1,"b":2})") == "");
  CHECK(violations(choice, R"({"a":"1","b":2})") == "/a unevaluatedProperties");
  CHECK(violations(R"({"prefixItems":[true],"contains":{"type":"null"},"unevaluatedItems":false})",
                   R"([1,null,2,null])") == "/2 unevaluatedItems");
  std::string wide = "{";
  for (int i = 0; i < 100; ++i) wide += "\"a" + std::to_string(i) + "\":1,";
  CHECK(violations(R"({"allOf":[{"patternProperties":{"^a":true}}],"unevaluatedProperties":false})",
                   wide + "\"b\":1}") == "/b unevaluatedProperties");
}

TEST_CASE("conditions, names and dependencies say which rule is broken, and where") {
  CHECK(violations(R"({"if":{"const":1},"then":false,"else":{"type":"string"}})", "1") == " then");
  CHECK(violations(R"({"if":{"const":1},"then":false,"else":{"type":"string"}})", "2") == " type");
  CHECK(violations(R"({"propertyNames":{"maxLength":2}})", R"({"ab":1,"abc":1})") == "/abc maxLength");
  CHECK(violations(R"({"dependentRequired":{"a":["b","c"]}})", R"({"a":1,"c":1})") == " dependentRequired");
  CHECK(violations(R"({"dependentSchemas":{"a":{"required":["b"]}}})", R"({"a":1})") == " required");
  CHECK(violations(R"({"contains":{"type":"null"}})", "[1]") == " contains");
  CHECK(violations(R"({"contains":{"type":"null"},"minContains":2,"maxContains":3})", "[null]") == " minContains");
  CHECK(violations(R"({"contains":{"type":"null"},"maxContains":1})", "[null,null]") == " maxContains");
}

TEST_CASE("references lead to other documents, by the address of what they stand in") {
  const auto load = these({{"http://here/money.json", R"({"$defs":{"amount":{"$anchor":"amount","type":"integer"}}})"},
                           {"http://here/strict.json", R"({"type":"int"})"}});
  CHECK(violations(R"({"properties":{"a":{"$ref":"money.json#amount"}}})", R"({"a":"1"})",
                   {.uri = "http://here/deposit.json", .load = load}) == "/a type");
  CHECK(violations(R"({"$id":"http://here/x/y","$ref":"../money.json#/$defs/amount"})", "1.5", {.load = load}) ==
        " type");
  CHECK(violations(R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})",
                   R"({"properties":{"a":{"type":1}}})") == "/properties/a/type anyOf");
  const auto bad = validator::compile(R"({"not":{"$ref":"http://here/strict.json"}})", {.load = load});
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().text ==
        "schema: http://here/strict.json#/type must name null, boolean, integer, number, string, "
        "array or object");
  const auto compiled = validator::compile(R"({"$ref":"http://here/money.json#amount"})", {.load = load});
  REQUIRE(compiled.has_value());
  CHECK(compiled->validate(parsed("null").root).front().schema == "http://here/money.json#/$defs/amount/type");
}

TEST_CASE("an unknown keyword is an annotation; where strictness is asked, an error unless it begins with x-") {
  CHECK(violations(R"({"properties":{"a":{"minimun":1}}})", R"({"a":0})") == "");
  CHECK(violations(R"({"x-unit":"cent","minimum":1})", "0", {.strict = true}) == " minimum");
  CHECK_FALSE(validator::compile(R"({"minimun":1})", {.strict = true}).has_value());
}

TEST_CASE("formats are rules only where that is asked") {
  CHECK(violations(R"({"format":"date"})", "\"2026-02-29\"") == "");
  CHECK(violations(R"({"format":"date"})", "\"2026-02-29\"", {.assert_formats = true}) == " format");
  CHECK(violations(R"({"format":"date"})", "\"2028-02-29\"", {.assert_formats = true}) == "");
  CHECK(violations(R"({"format":"date"})", "5", {.assert_formats = true}) == "");
  CHECK(violations(R"({"format":"moon-phase"})", "\"x\"", {.assert_formats = true}) == "");
}

TEST_CASE("a divisor may have many digits") {
  CHECK(violations(R"({"multipleOf":0.0000000000000000000000001})", "1e400") == "");
  CHECK(violations(R"({"multipleOf":12345678901234567890123})", "37037036703703703670369") == "");
  CHECK(violations(R"({"multipleOf":12345678901234567890123})", "37037036703703703670368") == " multipleOf");
}

TEST_CASE("a way that is too deep is refused at load, or invalid when only the instance shows it") {
  const auto deep = validator::compile(chain(150, 1));
  REQUIRE_FALSE(deep.has_value());
  CHECK(deep.error().text.find("more than 200 schemas for the same value") != std::string::npos);
  CHECK(violations(chain(50, 1), "null") == "");
  CHECK(violations(R"({"$dynamicAnchor":"a","not":{"$dynamicRef":"#a"}})", "1") == " $ref");
  CHECK(violations(R"({"$dynamicAnchor":"a","not":{"not":{"$dynamicRef":"#a"}}})", "1") == " $ref");
}

TEST_CASE("work that doubles with every definition ends") {
  CHECK(violations(chain(90, 2), "null") == " $ref");
  CHECK(violations(chain(10, 2), "null") == "");
}

TEST_CASE("a valid instance takes no memory, an invalid one is all that does") {
  const auto compiled = validator::compile(
      R"({"type":"object","$ref":"#/$defs/base","properties":{"b":{"anyOf":[{"type":"null"},{"type":"string"}]}},
          "required":["a"],"unevaluatedProperties":false,"$defs":{"base":{"properties":{"a":{"minimum":1}}}}})");
  REQUIRE(compiled.has_value());
  const parsed good(R"({"a":5,"b":"text"})");
  const parsed bad(R"({"a":0})");
  const allocations before;
  CHECK(compiled->validate(good.root).empty());
  CHECK(before.since() == 0);
  CHECK(compiled->validate(bad.root).size() == 1);
  CHECK(before.since() > 0);
}
