#include "schemas/compatibility.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "schemas/comparable.h"
#include "schemas/decimal.h"
#include "schemas/json_pointer.h"
#include "schemas/validator.h"

namespace foldlog {

namespace {

using json::element;
using json::kind;

// What is compared as a whole: it must stay as it was where the reader has it.
constexpr std::array<std::string_view, 20> whole_keywords{"enum",
                                                          "const",
                                                          "pattern",
                                                          "prefixItems",
                                                          "contains",
                                                          "minContains",
                                                          "maxContains",
                                                          "patternProperties",
                                                          "propertyNames",
                                                          "dependentRequired",
                                                          "not",
                                                          "dependentSchemas",
                                                          "anyOf",
                                                          "oneOf",
                                                          "allOf",
                                                          "if",
                                                          "then",
                                                          "else",
                                                          "unevaluatedItems",
                                                          "unevaluatedProperties"};

struct bound {
  std::string_view name;
  bool lower;  ///< a greater value is stricter
};
constexpr std::array<bound, 10> bounds{{{"minimum", true},
                                        {"maximum", false},
                                        {"exclusiveMinimum", true},
                                        {"exclusiveMaximum", false},
                                        {"minLength", true},
                                        {"maxLength", false},
                                        {"minItems", true},
                                        {"maxItems", false},
                                        {"minProperties", true},
                                        {"maxProperties", false}}};

std::string text_of(std::optional<element> value) { return value ? json::text_of(*value) : "absent"; }

std::string below(std::string pointer, std::string_view key) {
  json::append_pointer(pointer, key);
  return pointer;
}

/// The names of the types that a schema allows; a number may be an integer.
std::set<std::string_view> types_of(element schema) {
  std::set<std::string_view> types;
  const auto given = schema.find("type");
  if (given && given->kind() == kind::string) types.insert(given->as_string());
  if (given) {
    for (const auto one : given->items()) types.insert(one.as_string());
  }
  if (types.empty()) types = {"null", "boolean", "number", "string", "array", "object"};
  return types;
}

class comparison {
 public:
  comparison(element writer, element reader) : writer_root_(writer), reader_root_(reader) {}

  std::vector<incompatibility> run() {
    compare(writer_root_, reader_root_, "");
    return std::move(found_);
  }

 private:
  void say(std::string pointer, std::string detail) { found_.push_back({std::move(pointer), std::move(detail)}); }
  void say_changed(const std::string& at, std::string_view keyword, element writer, element reader) {
    say(below(at, keyword), "was " + text_of(writer.find(keyword)) + ", is " + text_of(reader.find(keyword)));
  }

  static bool says_nothing_else(element schema) {
    constexpr std::array<std::string_view, 9> quiet{"$ref",  "$defs",       "$schema", "$id",       "$comment",
                                                    "title", "description", "default", "deprecated"};
    return std::ranges::all_of(
        schema.members(), [&](const json::member& one) { return std::ranges::find(quiet, one.key) != quiet.end(); });
  }
  /// Nothing: a $ref that is no pointer into its own document.
  static std::optional<element> resolve(element schema, element root, std::string_view& reference) {
    for (int hops = 0; schema.kind() == kind::object && schema.find("$ref") && says_nothing_else(schema); ++hops) {
      reference = schema.find("$ref")->as_string();
      if (hops > 100 || !reference.starts_with('#')) return std::nullopt;
      const auto next = json::find_pointer(root, reference.substr(1));
      if (!next) return std::nullopt;
      schema = *next;
    }
    return schema;
  }

  void compare(element writer_given, element reader_given, const std::string& at) {
    std::string_view writer_reference;
    std::string_view reader_reference;
    const auto writer = resolve(writer_given, writer_root_, writer_reference);
    const auto reader = resolve(reader_given, reader_root_, reader_reference);
    if (!writer || !reader) {
      if (writer_reference != reader_reference) say(below(at, "$ref"), "leads elsewhere than before");
      return;
    }
    const bool led = !writer_reference.empty() || !reader_reference.empty();
    const bool fresh = seen_.emplace(json::comparable(*writer), json::comparable(*reader)).second;
    if (led && !fresh) return;
    if (writer->kind() == kind::boolean && !writer->as_bool()) return;
    if (reader->kind() == kind::boolean) {
      if (!reader->as_bool()) say(at, "nothing is allowed here any more");
      return;
    }
    if (writer->kind() == kind::object && (writer->find("enum") || writer->find("const")))
      return compare_values(*writer, *reader, at);
    compare_rules(*writer, *reader, at);
  }

  /// A writer with a list of values: each of them must be valid.
  void compare_values(element writer, element reader, const std::string& at) {
    const auto rules = validator::compile(text_of(reader));
    if (!rules) {  // it leads to other parts of its document
      return compare_rules(writer, reader, at);
    }
    std::vector<element> values;
    if (const auto one = writer.find("const"))
      values.push_back(*one);
    else
      values.assign(writer.find("enum")->items().begin(), writer.find("enum")->items().end());
    for (const auto value : values) {
      const auto broken = rules->validate(value);
      if (!broken.empty()) say(below(at, broken.front().keyword), "the value " + text_of(value) + " was allowed");
    }
  }

  void compare_rules(element writer, element reader, const std::string& at) {
    compare_types(writer, reader, at);
    for (const auto& [keyword, lower] : bounds) compare_bound(writer, reader, at, keyword, lower);
    compare_multiple(writer, reader, at);
    const auto unique = reader.find("uniqueItems");
    if (unique && unique->as_bool() && !same(writer, reader, "uniqueItems"))
      say_changed(at, "uniqueItems", writer, reader);
    for (const auto keyword : whole_keywords) {
      if (reader.find(keyword) && !same(writer, reader, keyword)) say_changed(at, keyword, writer, reader);
    }
    // What the writer puts there falls to other keywords of the reader.
    for (const std::string_view keyword : {"prefixItems", "patternProperties"}) {
      if (writer.find(keyword) && !reader.find(keyword)) say_changed(at, keyword, writer, reader);
    }
    if (const auto dynamic = reader.find("$dynamicRef"); dynamic && !same(writer, reader, "$dynamicRef"))
      say_changed(at, "$dynamicRef", writer, reader);
    compare_required(writer, reader, at);
    compare_members(writer, reader, at);
    if (const auto items = reader.find("items")) compare(part(writer, "items"), *items, below(at, "items"));
    if (reader.find("$ref"))
      compare(writer.find("$ref") ? only_reference(writer) : writer, only_reference(reader), below(at, "$ref"));
  }

  [[nodiscard]] bool same_or_absent(std::string_view keyword) const {
    return json::comparable(part(writer_root_, keyword)) == json::comparable(part(reader_root_, keyword));
  }
  /// A schema's subschema under that keyword; everything when there is none.
  static element part(element schema, std::string_view keyword) {
    const auto found = schema.find(keyword);
    return found ? *found : everything();
  }
  static element everything() {
    static const json::node anything{.kind = kind::boolean, .integer = 1};
    return element(&anything);
  }
  /// Equal, and what it may lead to is equal too.
  [[nodiscard]] bool same(element writer, element reader, std::string_view keyword) const {
    const auto left = writer.find(keyword);
    const auto right = reader.find(keyword);
    if (!left || !right || !json::equal(*left, *right)) return false;
    return same_definitions_ || (!text_of(left).contains("\"$ref\"") && !text_of(left).contains("\"$dynamicRef\""));
  }

  void compare_types(element writer, element reader, const std::string& at) {
    const auto allowed = types_of(reader);
    for (const auto type : types_of(writer)) {
      if (!allowed.contains(type) && !(type == "integer" && allowed.contains("number")))
        say(below(at, "type"), std::string(type) + " was allowed");
    }
  }

  void compare_bound(element writer, element reader, const std::string& at, std::string_view keyword, bool lower) {
    const auto limit = reader.find(keyword);
    if (!limit || (lower && keyword.starts_with("min") && keyword != "minimum" && limit->as_uint64() == 0)) return;
    const auto before = writer.find(keyword);
    const bool kept =
        before && (lower ? json::compare_numbers(*before, *limit) >= 0 : json::compare_numbers(*before, *limit) <= 0);
    if (!kept) say_changed(at, keyword, writer, reader);
  }

  void compare_multiple(element writer, element reader, const std::string& at) {
    const auto divisor = reader.find("multipleOf");
    if (!divisor) return;
    const auto before = writer.find("multipleOf");
    if (!before || !json::decimal::of(*before).is_multiple_of(json::decimal::of(*divisor)))
      say_changed(at, "multipleOf", writer, reader);
  }

  void compare_required(element writer, element reader, const std::string& at) {
    const auto required = reader.find("required");
    if (!required) return;
    const auto before = writer.find("required");
    for (const auto name : required->items()) {
      const bool kept =
          before && std::ranges::any_of(before->items(), [&](element one) { return json::equal(one, name); });
      if (!kept) say(below(at, "required"), "the member \"" + std::string(name.as_string()) + "\" may be missing");
    }
  }

  void compare_members(element writer, element reader, const std::string& at) {
    const auto theirs = reader.find("properties");
    const auto ours = writer.find("properties");
    const auto place = below(at, "properties");
    std::set<std::string_view> names;
    for (const auto& list : {ours, theirs}) {
      if (!list) continue;
      for (const auto [name, rules] : list->members()) names.insert(name);
    }
    for (const auto name : names) {
      const auto left = ours ? ours->find(name) : std::nullopt;
      const auto right = theirs ? theirs->find(name) : std::nullopt;
      // What is not listed is additional, unless a pattern has it: those must be the same on both sides.
      if (!left && writer.find("patternProperties")) continue;
      compare(left ? *left : part(writer, "additionalProperties"),
              right ? *right : part(reader, "additionalProperties"),
              right ? below(place, name) : below(at, "additionalProperties"));
    }
    compare(part(writer, "additionalProperties"), part(reader, "additionalProperties"),
            below(at, "additionalProperties"));
  }

  /// `{"$ref": ...}` of a schema that says more.
  element only_reference(element schema) {
    std::string text = R"({"$ref":)";
    json::append(text, *schema.find("$ref"));
    text += '}';
    return *parsers_.emplace_back().parse(text);
  }
  element writer_root_;
  element reader_root_;
  bool same_definitions_ = same_or_absent("$defs");
  std::set<std::pair<std::string, std::string>> seen_;  ///< pairs that were compared
  std::deque<json::parser> parsers_;
  std::vector<incompatibility> found_;
};

}  // namespace

std::vector<incompatibility> find_incompatibilities(json::element writer, json::element reader) {
  return comparison(writer, reader).run();
}

}  // namespace foldlog
