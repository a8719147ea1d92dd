#include "schemas/validator.h"

#include <string>
#include <vector>

#include "test/schemas/parsed.h"

using namespace foldlog;

namespace {

/// `pointer keyword` of each violation, joined by ", ".
std::string violations(std::string_view schema, std::string_view instance) {
  const auto compiled = validator::compile(schema);
  REQUIRE_MESSAGE(compiled.has_value(), std::string(schema), " ", compiled ? "" : compiled.error().text);
  const parsed document(instance);
  std::string out;
  for (const auto& one : compiled->validate(document.root)) {
    CHECK_FALSE(one.detail.empty());
    out += (out.empty() ? "" : ", ") + one.pointer + " " + one.keyword;
  }
  CHECK(compiled->is_valid(document.root) == out.empty());
  return out;
}

std::string load_error(std::string_view schema, schema_options options = {.strict = true}) {
  const auto compiled = validator::compile(schema, std::move(options));
  if (compiled) return "accepted";
  CHECK(compiled.error().kind == error_kind::invalid);
  return compiled.error().text;
}

struct row {
  std::string_view schema;
  std::string_view instance;
  std::string_view expected;
};

void check(const std::vector<row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.schema);
    CAPTURE(row.instance);
    CHECK(violations(row.schema, row.instance) == row.expected);
  }
}

}  // namespace

TEST_CASE("types; 5.0 and every whole number of any size are integers") {
  check({
      {R"({"type":"integer"})", "5", ""},
      {R"({"type":"integer"})", "5.0", ""},
      {R"({"type":"integer"})", "1e400", ""},
      {R"({"type":"integer"})", "100000000000000000000", ""},
      {R"({"type":"integer"})", "5.5", " type"},
      {R"({"type":"integer"})", "5.00000000000000000000000001", " type"},
      {R"({"type":"number"})", "5.5", ""},
      {R"({"type":"number"})", "5", ""},
      {R"({"type":"number"})", "1e400", ""},
      {R"({"type":"number"})", "\"5\"", " type"},
      {R"({"type":["null","string"]})", "null", ""},
      {R"({"type":["null","string"]})", "false", " type"},
      {R"({"type":"boolean"})", "false", ""},
      {R"({"type":"array"})", "{}", " type"},
      {R"({"type":"object"})", "[]", " type"},
  });
}

TEST_CASE("enum and const compare values, not texts") {
  check({
      {R"({"enum":[1,"a",null,{"a":[1,2],"b":true}]})", R"({"b":true,"a":[1.0,2]})", ""},
      {R"({"enum":[1,"a"]})", "1.0", ""},
      {R"({"enum":[1,"a"]})", "true", " enum"},
      {R"({"const":9007199254740993})", "9007199254740993", ""},
      {R"({"const":9007199254740993})", "9007199254740992", " const"},
      {R"({"const":100000000000000000000})", "1e20", ""},
      {R"({"const":[]})", "{}", " const"},
      {R"({"const":{"a":1}})", R"({"a":1,"b":2})", " const"},
  });
}

TEST_CASE("bounds are exact to the last digit, at any size") {
  check({
      {R"({"minimum":1,"maximum":1000000000000})", "1", ""},
      {R"({"minimum":1,"maximum":1000000000000})", "0", " minimum"},
      {R"({"minimum":1,"maximum":1000000000000})", "1000000000000", ""},
      {R"({"minimum":1,"maximum":1000000000000})", "1000000000001", " maximum"},
      {R"({"minimum":1,"maximum":1000000000000})", "1000000000000.0000000000001", " maximum"},
      {R"({"minimum":1,"maximum":1000000000000})", "1e30", " maximum"},
      {R"({"minimum":1,"maximum":1000000000000})", "1000000000000000000000000000000", " maximum"},
      {R"({"minimum":1,"maximum":1000000000000})", "-1e400", " minimum"},
      {R"({"maximum":9223372036854775807})", "9223372036854775807", ""},
      {R"({"maximum":9223372036854775807})", "9223372036854775808", " maximum"},
      {R"({"maximum":18446744073709551616})", "18446744073709551616", ""},
      {R"({"maximum":18446744073709551616})", "18446744073709551617", " maximum"},
      {R"({"exclusiveMinimum":0,"exclusiveMaximum":1.5})", "0", " exclusiveMinimum"},
      {R"({"exclusiveMinimum":0,"exclusiveMaximum":1.5})", "1.5", " exclusiveMaximum"},
      {R"({"exclusiveMinimum":0,"exclusiveMaximum":1.5})", "1.4999999999999999999", ""},
      {R"({"multipleOf":5})", "10.0", ""},
      {R"({"multipleOf":5})", "12", " multipleOf"},
      {R"({"multipleOf":0.01})", "4.35", ""},
      {R"({"minimum":5})", "\"1\"", ""},
  });
}

TEST_CASE("lengths count code points") {
  check({
      {R"({"minLength":1,"maxLength":3})", "\"\"", " minLength"},
      {R"({"minLength":1,"maxLength":3})", "\"ä😀€\"", ""},
      {R"({"minLength":1,"maxLength":3})", "\"ä😀€a\"", " maxLength"},
      {R"({"minLength":2})", "\"😀\"", " minLength"},
      {R"({"minLength":2.0,"maxLength":1e30})", "\"ab\"", ""},
      {R"({"pattern":"^[A-Z]{3}$"})", "\"EUR\"", ""},
      {R"({"pattern":"^[A-Z]{3}$","maxLength":3})", "\"eurs\"", " maxLength,  pattern"},
  });
}

TEST_CASE("arrays") {
  check({
      {R"({"items":{"type":"integer"}})", R"([1,"a",2,null])", "/1 type, /3 type"},
      {R"({"prefixItems":[{"type":"string"},{"type":"integer"}],"items":false})", R"(["a",1])", ""},
      {R"({"prefixItems":[{"type":"string"},{"type":"integer"}],"items":false})", R"([1,"a",2])",
       "/0 type, /1 type, /2 items"},
      {R"({"prefixItems":[false]})", "[1,2]", "/0 prefixItems"},
      {R"({"minItems":1,"maxItems":2})", "[]", " minItems"},
      {R"({"minItems":1,"maxItems":2})", "[1,2]", ""},
      {R"({"minItems":1,"maxItems":2})", "[1,2,3]", " maxItems"},
      {R"({"uniqueItems":true})", R"([1,"1",true,[1],{"a":1}])", ""},
      {R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2.0,"a":1}])", " uniqueItems"},
      {R"({"uniqueItems":true})", "[0,1,2,3,4,5,6,7,8,9,10]", ""},
      {R"({"uniqueItems":true})", "[0,1,2,3,4,5,6,7,8,9,10,7.0]", " uniqueItems"},
      {R"({"uniqueItems":false})", "[1,1]", ""},
  });
}

TEST_CASE("objects: a missing member at its parent, an unknown one at its own place") {
  constexpr std::string_view schema =
      R"({"properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a","c"],"additionalProperties":false,
          "patternProperties":{"^x-":{"type":"null"}}})";
  check({
      {schema, R"({"a":1})", " required"},
      {schema, R"({})", " required,  required"},
      {schema, R"({"a":1,"c":2})", "/c additionalProperties"},
      {schema, R"({"a":"1","b":2,"x-y":3,"z":4})", "/a type, /b type, /x-y type, /z additionalProperties,  required"},
      {R"({"additionalProperties":{"type":"integer"}})", R"({"a":1,"b":"2"})", "/b type"},
      {R"({"properties":{"a":false}})", R"({"a":1})", "/a properties"},
      {R"({"minProperties":1,"maxProperties":1})", "{}", " minProperties"},
      {R"({"minProperties":1,"maxProperties":1})", R"({"a":1,"b":2})", " maxProperties"},
      {R"({"properties":{"list":{"items":{"properties":{"a/b~c":{"properties":{"":{"type":"null"}}}}}}}})",
       R"({"list":[{},{"a/b~c":{"":1}}]})", "/list/1/a~1b~0c/ type"},
      {R"({"required":["a"]})", "[]", ""},
  });
}

TEST_CASE("many properties and many required members are all looked at") {
  std::string schema = R"({"additionalProperties":false,"required":[)";
  std::string instance = "{";
  for (int i = 0; i < 100; ++i) schema += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\"";
  schema += "],\"properties\":{";
  for (int i = 0; i < 100; ++i) schema += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":{\"type\":\"integer\"}";
  schema += "}}";
  for (int i = 0; i < 100; ++i) {
    if (i != 5 && i != 80) instance += "\"k" + std::to_string(i) + "\":" + (i == 42 ? "\"x\"," : "1,");
  }
  CHECK(violations(schema, instance + "\"other\":1}") ==
        "/k42 type, /other additionalProperties,  required,  required");
  CHECK(violations(schema, instance.replace(instance.find("\"x\""), 3, "1") + "\"k5\":1,\"k80\":1}") == "");
}

TEST_CASE("combinations and references") {
  check({
      {R"({"allOf":[{"minimum":2},{"maximum":4}]})", "5", " maximum"},
      {R"({"allOf":[true,false]})", "5", " allOf"},
      {R"({"anyOf":[{"type":"string"},{"minimum":2}]})", "3", ""},
      {R"({"anyOf":[{"type":"string"},{"minimum":2}]})", "1", " anyOf"},
      {R"({"oneOf":[{"minimum":2},{"maximum":4}]})", "5", ""},
      {R"({"oneOf":[{"minimum":2},{"maximum":4}]})", "3", " oneOf"},
      {R"({"not":{"type":"null"}})", "null", " not"},
      {R"({"not":{"type":"null"}})", "1", ""},
      {R"({"$defs":{"a b/c":{"type":"null"}},"properties":{"x":{"$ref":"#/$defs/a%20b~1c"}}})", R"({"x":1})",
       "/x type"},
      {R"({"$ref":"#/$defs/a","maximum":3,"$defs":{"a":{"minimum":2}}})", "1", " minimum"},
      {R"({"$ref":"#/$defs/a","maximum":3,"$defs":{"a":{"minimum":2}}})", "4", " maximum"},
      {R"({"properties":{"next":{"$ref":"#"},"value":{"type":"integer"}}})", R"({"next":{"next":{"value":"x"}}})",
       "/next/next/value type"},
      {R"({"allOf":[{"minimum":1},{"$ref":"#/allOf/0"}]})", "0", " minimum,  minimum"},
      {"true", "1", ""},
      {"false", "1", " false"},
      {"{}", "1", ""},
  });
}

TEST_CASE("annotations constrain nothing") {
  CHECK(
      violations(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.org/a","title":"t",
                       "description":"d","format":"date","default":5,"examples":[1]})",
                 "\"no date\"") == "");
}

TEST_CASE("a violation says what is wrong in words") {
  const auto compiled = validator::compile(
      R"({"properties":{"amount":{"type":"integer","minimum":1}},"required":["amount"],"additionalProperties":false})");
  REQUIRE(compiled.has_value());
  CHECK(compiled->validate(parsed(R"({"amount":0,"tip":1})").root) ==
        std::vector<violation>{
            {"/amount", "minimum", "must be at least 1, is 0", "/properties/amount/minimum"},
            {"/tip", "additionalProperties", "is not a member that is known here", "/additionalProperties"}});
  CHECK(compiled->validate(parsed("{}").root) ==
        std::vector<violation>{{"", "required", "must have the member \"amount\"", "/required"}});
  CHECK(compiled->validate(parsed(R"({"amount":"5"})").root) ==
        std::vector<violation>{{"/amount", "type", "must be integer, is string", "/properties/amount/type"}});
}

TEST_CASE("a schema that cannot be kept to is refused at load, with the place") {
  const std::vector<std::pair<std::string_view, std::string_view>> rows{
      {R"({"properties":{"a":{"minimun":1}}})", "/properties/a/minimun is no keyword"},
      {R"({"dependencies":{}})", "/dependencies is no keyword"},
      {R"({"if":5})", "/if must be an object, true or false"},
      {R"({"type":"int"})", "/type must name"},
      {R"({"type":[]})", "/type must be"},
      {R"({"minimum":"1"})", "/minimum must be a number"},
      {R"({"multipleOf":0})", "/multipleOf must be above zero"},
      {R"({"minLength":-1})", "/minLength must be an integer"},
      {R"({"minLength":1.5})", "/minLength must be an integer"},
      {R"x({"pattern":"(?=a)"})x", "/pattern is no pattern that is supported: look-around"},
      {R"({"patternProperties":{"(a":{}}})", "/patternProperties/(a is no pattern"},
      {R"({"items":[{}]})", "/items must be an object, true or false"},
      {R"({"properties":{"a":5}})", "/properties/a must be an object, true or false"},
      {R"({"required":["a","a"]})", "/required names a member twice"},
      {R"({"required":"a"})", "/required must be an array"},
      {R"({"allOf":[]})", "/allOf must be an array with at least one"},
      {R"({"uniqueItems":1})", "/uniqueItems must be true or false"},
      {R"({"$ref":"#/$defs/none"})", "/$ref leads nowhere"},
      {R"({"$ref":"#nowhere"})", "/$ref leads nowhere: there is no anchor nowhere"},
      {R"({"$ref":"other.json"})", "/$ref leads nowhere: there is no schema other.json"},
      {R"({"$ref":"#/a b"})", "/$ref must be a string that is a URI reference"},
      {R"({"$dynamicRef":5})", "/$dynamicRef must be a string that is a URI reference"},
      {R"({"$ref":"#"})", "leads back to itself"},
      {R"({"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}})", "leads back to itself"},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#"})", "/$schema must"},
      {R"({"properties":{"a":{"$schema":"https://json-schema.org/draft/2020-12/schema"}}})",
       "/properties/a/$schema must stand at the root"},
      {R"({"$schema":"http://example.org/mine"})", "/$schema leads nowhere"},
      {R"({"$id":"a#b"})", "/$id must not have a fragment"},
      {R"({"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}})", "/$id is the address of two schemas: x"},
      {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})", "/$defs/b/$anchor is the name of two schemas: x"},
      {R"({"$anchor":"1"})", "/$anchor must be a name"},
      {R"({"dependentRequired":{"a":["b","b"]}})", "/dependentRequired/a names a member twice"},
      {R"({"dependentSchemas":{"a":1}})", "/dependentSchemas/a must be an object, true or false"},
      {R"({"minContains":-1})", "/minContains must be an integer"},
      {R"({"format":1})", "/format must be a string"},
      {R"({"deprecated":"yes"})", "/deprecated must be true or false"},
      {R"({"$id":"http://example.org/s","properties":{"a":{"type":"int"}}})",
       "http://example.org/s#/properties/a/type must name"},
      {R"([])", "the root must be an object"},
      {R"({"a":1,"a":1})", "no JSON"},
      {R"({)", "no JSON"},
  };
  for (const auto& [schema, words] : rows) {
    CAPTURE(schema);
    const auto said = load_error(schema);
    CHECK_MESSAGE(said.find(words) != std::string::npos, said);
  }
}

TEST_CASE("violations are written as JSON, with the place in the schema when it is asked for") {
  const std::vector<violation> all{{"/a\"b", "type", "must be\na \xC3\xA4", "#/type"}, {"", "required", "c", "#"}};
  std::string out = "as sent: ";
  append_violations(out, all);
  CHECK(out == R"(as sent: [{"pointer":"/a\"b","keyword":"type","detail":"must be\na ä"},)"
               R"({"pointer":"","keyword":"required","detail":"c"}])");
  out.clear();
  append_violations(out, {all.back()}, true);
  CHECK(out == R"([{"pointer":"","keyword":"required","detail":"c","schema":"#"}])");
  out.clear();
  append_violations(out, {});
  CHECK(out == "[]");
}
