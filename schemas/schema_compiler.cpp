#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "schemas/schema_rules.h"

namespace foldlog {

namespace {

using json::element;
using json::kind;

constexpr std::string_view dialect = "https://json-schema.org/draft/2020-12/schema";

std::uint8_t type_bit(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> types{{{"null", null_type},
                                                                            {"boolean", boolean_type},
                                                                            {"integer", integer_type},
                                                                            {"number", number_type | integer_type},
                                                                            {"string", string_type},
                                                                            {"array", array_type},
                                                                            {"object", object_type}}};
  const auto* const found = std::ranges::find(types, name, &std::pair<std::string_view, std::uint8_t>::first);
  return found == types.end() ? 0 : found->second;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

/// A pointer's next key, unescaped; takes it from the pointer, which must begin with '/'.
std::string take_key(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const auto text = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(text.size());
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '~' && i + 1 < text.size();
    key.push_back(!escaped ? text[i] : text[++i] == '1' ? '/' : '~');
  }
  return key;
}

std::optional<element> child(element parent, const std::string& key) {
  if (parent.kind() == kind::object) return parent.find(key);
  std::size_t index = 0;
  for (const auto item : parent.items()) {
    if (std::to_string(index++) == key) return item;
  }
  return std::nullopt;
}

class compiler {
 public:
  explicit compiler(element root) : root_(root) {}

  result<std::deque<schema_rules>> run() {
    compile(root_, "");
    if (problem_.empty()) refuse_circles();
    if (!problem_.empty()) return fail(error_kind::invalid, "schema: " + problem_);
    return std::move(all_);
  }

 private:
  using reader = void (compiler::*)(schema_rules&, element, const std::string& pointer);
  struct keyword {
    std::string_view name;
    reader read;
  };
  static const std::array<keyword, 35> keywords;

  void refuse(const std::string& pointer, std::string_view what) {
    if (problem_.empty()) problem_ = (pointer.empty() ? "the root" : pointer) + " " + std::string(what);
  }
  bool expect(bool holds, const std::string& pointer, std::string_view what) {
    if (!holds) refuse(pointer, what);
    return holds;
  }

  const schema_rules* compile(element schema, const std::string& pointer) {
    if (const auto known = by_pointer_.find(pointer); known != by_pointer_.end()) return known->second;
    auto& rules = all_.emplace_back();
    by_pointer_.emplace(pointer, &rules);
    if (schema.kind() == kind::boolean) {
      rules.boolean = schema.as_bool();
    } else if (expect(schema.kind() == kind::object, pointer, "must be an object, true or false")) {
      read_keywords(rules, schema, pointer);
    }
    return &rules;
  }

  void read_keywords(schema_rules& rules, element schema, const std::string& pointer) {
    for (const auto [name, value] : schema.members()) {
      const auto at = below(pointer, name);
      const auto* const found = std::ranges::find(keywords, name, &keyword::name);
      if (!expect(found != keywords.end(), at, "is no keyword that is supported here")) return;
      if (found->read != nullptr) (this->*found->read)(rules, value, at);
    }
    std::ranges::sort(rules.properties, {}, &property_rule::name);
  }

  static std::string below(const std::string& pointer, std::string_view key) {
    std::string out = pointer;
    json::append_pointer(out, key);
    return out;
  }

  void read_dialect(schema_rules&, element value, const std::string& at) {
    expect(at == "/$schema" && (value.as_string() == dialect || value.as_string() == std::string(dialect) + "#"), at,
           "must stand at the root and be " + std::string(dialect));
  }
  void read_id(schema_rules&, element value, const std::string& at) {
    expect(at == "/$id" && value.kind() == kind::string, at, "must stand at the root and be a string");
  }
  void read_text(schema_rules&, element value, const std::string& at) {
    expect(value.kind() == kind::string, at, "must be a string");
  }
  void read_examples(schema_rules&, element value, const std::string& at) {
    expect(value.kind() == kind::array, at, "must be an array");
  }
  void read_definitions(schema_rules&, element value, const std::string& at) {
    if (!expect(value.kind() == kind::object, at, "must be an object")) return;
    for (const auto [name, schema] : value.members()) compile(schema, below(at, name));
  }

  void read_reference(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.kind() == kind::string, at, "must be a string")) return;
    const auto text = value.as_string();
    if (!expect(text == "#" || text.starts_with("#/"), at, "must lead to a place in this document: #/...")) return;
    const auto target = percent_decoded(text.substr(1));
    std::string_view rest = target;
    std::string pointer;
    std::optional<element> found = root_;
    while (found && !rest.empty()) {
      const auto key = take_key(rest);
      found = child(*found, key);
      json::append_pointer(pointer, key);
    }
    if (expect(found.has_value(), at, "leads nowhere")) rules.reference = compile(*found, pointer);
  }

  void read_type(schema_rules& rules, element value, const std::string& at) {
    const auto add = [&](element name) {
      const auto bit = type_bit(name.as_string());
      expect(bit != 0, at, "must name null, boolean, integer, number, string, array or object");
      rules.types |= bit;
    };
    if (value.kind() == kind::string) return add(value);
    if (!expect(value.kind() == kind::array && value.size() > 0, at, "must be a type or an array of types")) return;
    for (const auto name : value.items()) add(name);
  }
  void read_enum(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.kind() == kind::array, at, "must be an array")) return;
    rules.enumeration.emplace(value.items().begin(), value.items().end());
  }
  void read_const(schema_rules& rules, element value, const std::string&) { rules.constant = value; }

  template <std::optional<element> schema_rules::* bound>
  void read_bound(schema_rules& rules, element value, const std::string& at) {
    if (expect(value.is_number(), at, "must be a number")) rules.*bound = value;
  }
  void read_multiple_of(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.is_number(), at, "must be a number")) return;
    auto divisor = json::decimal::of(value);
    if (!expect(!divisor.negative && !divisor.digits.empty(), at, "must be above zero")) return;
    if (expect(divisor.digits.size() <= json::decimal::divisor_digits_max, at, "has more than 18 digits")) {
      rules.multiple_of = std::move(divisor);
    }
  }

  template <count_rule schema_rules::* counts, std::uint64_t count_rule::* limit>
  void read_count(schema_rules& rules, element value, const std::string& at) {
    const auto fits = value.as_uint64();
    const auto exact = value.is_number() ? json::decimal::of(value) : json::decimal{.negative = true};
    if (!expect(!exact.negative && exact.is_integer(), at, "must be an integer of at least 0")) return;
    (rules.*counts).*limit = fits.value_or(std::numeric_limits<std::uint64_t>::max());
  }
  void read_pattern(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.kind() == kind::string, at, "must be a string")) return;
    rules.pattern = compile_pattern(value.as_string(), at);
    rules.pattern_text = value.as_string();
  }
  std::optional<pattern> compile_pattern(std::string_view text, const std::string& at) {
    auto compiled = pattern::compile(text);
    if (compiled) return std::move(*compiled);
    refuse(at, "is no pattern that is supported: " + compiled.error().text);
    return std::nullopt;
  }

  template <const schema_rules* schema_rules::* place>
  void read_schema(schema_rules& rules, element value, const std::string& at) {
    rules.*place = compile(value, at);
  }
  template <std::vector<const schema_rules*> schema_rules::* place>
  void read_schemas(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.kind() == kind::array && value.size() > 0, at, "must be an array with at least one schema"))
      return;
    for (const auto schema : value.items()) {
      (rules.*place).push_back(compile(schema, below(at, std::to_string((rules.*place).size()))));
    }
  }
  void read_unique_items(schema_rules& rules, element value, const std::string& at) {
    if (expect(value.kind() == kind::boolean, at, "must be true or false")) rules.unique_items = value.as_bool();
  }

  static property_rule& property(schema_rules& rules, std::string_view name) {
    const auto found = std::ranges::find(rules.properties, name, &property_rule::name);
    return found != rules.properties.end() ? *found : rules.properties.emplace_back(name);
  }
  void read_properties(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.kind() == kind::object, at, "must be an object")) return;
    for (const auto [name, schema] : value.members()) property(rules, name).rules = compile(schema, below(at, name));
  }
  void read_pattern_properties(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.kind() == kind::object, at, "must be an object")) return;
    for (const auto [text, schema] : value.members()) {
      auto compiled = compile_pattern(text, below(at, text));
      if (!compiled) return;
      rules.pattern_properties.push_back({std::move(*compiled), compile(schema, below(at, text))});
    }
  }
  void read_required(schema_rules& rules, element value, const std::string& at) {
    if (!expect(value.kind() == kind::array, at, "must be an array")) return;
    for (const auto name : value.items()) {
      if (!expect(name.kind() == kind::string, at, "must hold strings")) return;
      auto& rule = property(rules, name.as_string());
      if (!expect(rule.required_index < 0, at, "names a member twice")) return;
      rule.required_index = static_cast<int>(rules.required.size());
      rules.required.push_back(name.as_string());
    }
  }

  /// A schema that leads back to itself for the same instance would never end.
  void refuse_circles() {
    std::set<const schema_rules*> open;
    std::set<const schema_rules*> done;
    for (const auto& [pointer, rules] : by_pointer_) {
      if (has_circle(rules, open, done)) return refuse(pointer, "leads back to itself without going into the instance");
    }
  }
  static bool has_circle(const schema_rules* rules, std::set<const schema_rules*>& open,
                         std::set<const schema_rules*>& done) {
    if (rules == nullptr || done.contains(rules)) return false;
    if (!open.insert(rules).second) return true;
    const auto circles = [&](const schema_rules* next) { return has_circle(next, open, done); };
    const bool found = circles(rules->reference) || circles(rules->negated) ||
                       std::ranges::any_of(rules->all_of, circles) || std::ranges::any_of(rules->any_of, circles) ||
                       std::ranges::any_of(rules->one_of, circles);
    open.erase(rules);
    done.insert(rules);
    return found;
  }

  element root_;
  std::deque<schema_rules> all_;
  std::map<std::string, schema_rules*> by_pointer_;
  std::string problem_;
};

const std::array<compiler::keyword, 35> compiler::keywords{{
    {"$schema", &compiler::read_dialect},
    {"$id", &compiler::read_id},
    {"title", &compiler::read_text},
    {"description", &compiler::read_text},
    {"format", &compiler::read_text},
    {"default", nullptr},
    {"examples", &compiler::read_examples},
    {"$defs", &compiler::read_definitions},
    {"$ref", &compiler::read_reference},
    {"type", &compiler::read_type},
    {"enum", &compiler::read_enum},
    {"const", &compiler::read_const},
    {"minimum", &compiler::read_bound<&schema_rules::minimum>},
    {"maximum", &compiler::read_bound<&schema_rules::maximum>},
    {"exclusiveMinimum", &compiler::read_bound<&schema_rules::exclusive_minimum>},
    {"exclusiveMaximum", &compiler::read_bound<&schema_rules::exclusive_maximum>},
    {"multipleOf", &compiler::read_multiple_of},
    {"minLength", &compiler::read_count<&schema_rules::length, &count_rule::least>},
    {"maxLength", &compiler::read_count<&schema_rules::length, &count_rule::most>},
    {"pattern", &compiler::read_pattern},
    {"prefixItems", &compiler::read_schemas<&schema_rules::prefix_items>},
    {"items", &compiler::read_schema<&schema_rules::items>},
    {"minItems", &compiler::read_count<&schema_rules::item_count, &count_rule::least>},
    {"maxItems", &compiler::read_count<&schema_rules::item_count, &count_rule::most>},
    {"uniqueItems", &compiler::read_unique_items},
    {"properties", &compiler::read_properties},
    {"required", &compiler::read_required},
    {"patternProperties", &compiler::read_pattern_properties},
    {"additionalProperties", &compiler::read_schema<&schema_rules::additional>},
    {"minProperties", &compiler::read_count<&schema_rules::property_count, &count_rule::least>},
    {"maxProperties", &compiler::read_count<&schema_rules::property_count, &count_rule::most>},
    {"allOf", &compiler::read_schemas<&schema_rules::all_of>},
    {"anyOf", &compiler::read_schemas<&schema_rules::any_of>},
    {"oneOf", &compiler::read_schemas<&schema_rules::one_of>},
    {"not", &compiler::read_schema<&schema_rules::negated>},
}};

}  // namespace

result<std::deque<schema_rules>> compile_schema(element schema) { return compiler(schema).run(); }

}  // namespace foldlog
