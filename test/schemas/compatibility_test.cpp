#include "schemas/compatibility.h"

#include <string>
#include <vector>

#include "test/schemas/parsed.h"

using namespace foldlog;

namespace {

/// `pointer: detail` of each, joined by ", "; nothing: whatever the writer may write, the reader takes.
std::string found(std::string_view writer, std::string_view reader) {
  const parsed left(writer);
  const parsed right(reader);
  std::string out;
  for (const auto& one : find_incompatibilities(left.root, right.root))
    out += (out.empty() ? "" : ", ") + one.pointer + ": " + one.detail;
  return out;
}

}  // namespace

TEST_CASE("a reader takes all that a writer may write, or the place is named where it may not") {
  struct row {
    std::string_view writer;
    std::string_view reader;
    std::string_view expected;
  };
  constexpr std::string_view closed = R"({"properties":{"a":{"type":"integer"}},"additionalProperties":false})";
  const std::vector<row> rows{
      {closed, closed, ""},
      {closed, "true", ""},
      {closed, "{}", ""},
      {"false", closed, ""},
      {closed, R"({"title":"t","description":"d","properties":{"a":{"type":"integer","default":1}},
                   "additionalProperties":false})",
       ""},
      {closed, R"({"properties":{"a":{"type":"number"},"b":{"type":"string"}},"additionalProperties":false})", ""},
      {closed, R"({"properties":{"a":{"type":"string"}}})", "/properties/a/type: integer was allowed"},
      {closed, R"({"properties":{},"additionalProperties":false})",
       "/additionalProperties: nothing is allowed here any more"},
      {closed, R"({"required":["a"]})", "/required: the member \"a\" may be missing"},
      {R"({"required":["a","b"]})", R"({"required":["a"]})", ""},
      {R"({"type":"integer"})", R"({"type":["integer","null"]})", ""},
      {R"({"type":["integer","null"]})", R"({"type":"integer"})", "/type: null was allowed"},
      {R"({"minimum":1,"maximum":9})", R"({"minimum":0,"maximum":10})", ""},
      {R"({"minimum":1,"maximum":9})", R"({"minimum":2,"maximum":8})", "/minimum: was 1, is 2, /maximum: was 9, is 8"},
      {R"({})", R"({"maxLength":8})", "/maxLength: was absent, is 8"},
      {R"({})", R"({"minLength":0})", ""},
      {R"({"multipleOf":10})", R"({"multipleOf":5})", ""},
      {R"({"multipleOf":5})", R"({"multipleOf":10})", "/multipleOf: was 5, is 10"},
      {R"({"enum":["a","b"]})", R"({"enum":["a","b","c"]})", ""},
      {R"({"enum":["a","b"]})", R"({"enum":["b"]})", "/enum: the value \"a\" was allowed"},
      {R"({"const":5})", R"({"maximum":4})", "/maximum: the value 5 was allowed"},
      {R"({"pattern":"^a"})", R"({"pattern":"^b"})", R"(/pattern: was "^a", is "^b")"},
      {R"({"items":{"type":"string"}})", R"({"items":{"type":"integer"}})", "/items/type: string was allowed"},
      {R"({"uniqueItems":true})", R"({"uniqueItems":false})", ""},
      {R"({})", R"({"uniqueItems":true})", "/uniqueItems: was absent, is true"},
      {R"({"additionalProperties":{"type":"string"}})", R"({"properties":{"x":{"type":"null"}}})",
       "/properties/x/type: string was allowed"},
      {R"({"anyOf":[{"type":"null"}]})", R"({"anyOf":[{"type":"null"}]})", ""},
      {R"({"anyOf":[{"type":"null"}]})", R"({})", ""},
      {R"({})", R"({"not":{}})", "/not: was absent, is {}"},
      {R"({"patternProperties":{"^x":true}})", R"({"additionalProperties":true})",
       R"(/patternProperties: was {"^x":true}, is absent)"},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"maximum":5}}})", R"({"$ref":"#/$defs/b","$defs":{"b":{"maximum":6}}})",
       ""},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"maximum":5}}})", R"({"maximum":4})", "/maximum: was 5, is 4"},
      {R"({"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"maximum":5}}})",
       R"({"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"maximum":4}}})",
       R"(/anyOf: was [{"$ref":"#/$defs/a"}], is [{"$ref":"#/$defs/a"}])"},
      {R"({"properties":{"next":{"$ref":"#"}}})", R"({"properties":{"next":{"$ref":"#"}},"required":["next"]})",
       "/required: the member \"next\" may be missing"},
      {R"({"$ref":"http://a/x"})", R"({"$ref":"http://a/y"})", "/$ref: leads elsewhere than before"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.writer);
    CAPTURE(row.reader);
    CHECK(found(row.writer, row.reader) == row.expected);
  }
}
