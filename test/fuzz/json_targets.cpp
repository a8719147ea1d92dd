// JSON, its canonical form, and schemas over it.
#include <algorithm>
#include <optional>
#include <string>

#include "schemas/bank/schemas.h"
#include "schemas/json.h"
#include "schemas/registry.h"
#include "test/fuzz/json_oracle.h"
#include "test/fuzz/target.h"

namespace foldlog::fuzz {
namespace {

const schema_registry& bank_schemas() {
  static const auto registry = [] {
    schema_registry made;
    expect(made.add(bank::schemas()).has_value(), "the bank's schemas do not compile");
    return made;
  }();
  return registry;
}

void check_both_ways(const validator& rules, json::element instance) {
  const auto violations = rules.validate(instance);
  expect(rules.is_valid(instance) == violations.empty(), "is_valid() and validate() disagree");
  for (const auto& one : violations) {
    expect(one.pointer.empty() || one.pointer.front() == '/', "a violation without a JSON Pointer");
    expect(!one.keyword.empty() && !one.detail.empty() && one.schema.contains('/') == !one.schema.empty(),
           "a violation that says nothing");
  }
}

void check_round_trips(json::element value) {
  json::parser second;
  const auto again = second.parse(text_of(value));
  expect(again.has_value(), "what was written does not parse");
  expect(json::equal(*again, value), "what was written reads as another value");
  std::string canonical;
  json::append_canonical(canonical, value);
  const auto of_canonical = second.parse(canonical);
  expect(of_canonical.has_value(), "the canonical form does not parse");
  std::string twice;
  json::append_canonical(twice, *of_canonical);
  expect(twice == canonical, "the canonical form of the canonical form is another");
}

}  // namespace

void json_text(std::string_view bytes) {
  static json::parser parser;
  const auto value = parser.parse(bytes);
  expect(value.has_value() == is_json(bytes), "what is JSON is judged otherwise than the grammar does");
  if (!value) return expect(!value.error().text.empty(), "a refusal without a reason");
  check_round_trips(*value);
  for (const auto& [key, entry] : bank_schemas().entries()) check_both_ways(entry.validator, *value);
}

// A schema, an instance, and a document that the schema may lead to, each ended by a zero.
void schema(std::string_view bytes) {
  const auto zero = bytes.find('\0');
  if (zero == std::string_view::npos) return;
  const auto text = bytes.substr(0, zero);
  bytes.remove_prefix(zero + 1);
  const auto instance_text = bytes.substr(0, bytes.find('\0'));
  const auto other = bytes.substr(std::min(bytes.size(), instance_text.size() + 1));
  const schema_options options{
      .uri = "http://fuzz/a", .assert_formats = true, .load = [&](std::string_view uri) -> std::optional<std::string> {
        // A relative reference may lead to the same document under an ever longer address: bounded, but slow.
        if (uri == "http://fuzz/a" || uri.size() > 100) return std::nullopt;
        return std::string(other);
      }};
  const auto rules = validator::compile(text, options);
  auto strict_options = options;
  strict_options.strict = true;
  expect(rules.has_value() || !validator::compile(text, strict_options).has_value(),
         "strictness accepts what is refused without it");
  if (!rules) return expect(!rules.error().text.empty(), "a refusal without a reason");
  json::parser parser;
  if (const auto instance = parser.parse(instance_text)) check_both_ways(*rules, *instance);
}

}  // namespace foldlog::fuzz
