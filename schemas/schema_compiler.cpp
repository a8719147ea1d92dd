#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "schemas/schema_rules.h"
#include "schemas/uri.h"

namespace foldlog {

namespace {

using json::element;
using json::kind;

enum class vocabulary : std::uint8_t { core, applicator, unevaluated, validation, format };

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

class compiler {
 public:
  explicit compiler(schema_options options)
      : options_(std::move(options)), documents_(std::make_unique<schema_documents>(options_.load)) {}

  result<compiled_schema> run(std::string_view text) {
    const auto root = documents_->add(text, options_.uri);
    if (!root) {
      return fail(error_kind::invalid,
                  root.error().text.starts_with("no JSON") ? root.error().text : "schema: " + root.error().text);
    }
    compile(*root);
    while (problem_.empty() && !(references_.empty() && resources_seen_ == documents_->resources().size())) follow();
    if (problem_.empty()) problem_ = find_circle(all_).value_or("");
    if (!problem_.empty()) return fail(error_kind::invalid, "schema: " + problem_);
    return compiled_schema{std::move(documents_), std::move(all_)};
  }

 private:
  using reader = void (compiler::*)(schema_rules&, const schema_place&);
  struct keyword {
    std::string_view name;
    vocabulary of;
    reader read;
  };
  static const std::array<keyword, 57> keywords;

  void refuse(const schema_place& at, std::string_view what) {
    const auto location = at.location();
    if (problem_.empty()) problem_ = (location.empty() ? "the root" : location) + " " + std::string(what);
  }
  bool expect(bool holds, const schema_place& at, std::string_view what) {
    if (!holds) refuse(at, what);
    return holds;
  }

  const schema_rules* compile(const schema_place& at) {
    auto& known = by_place_[{at.document, at.pointer}];
    if (known != nullptr) return known;
    auto& rules = all_.emplace_back();
    known = &rules;
    rules.resource = at.resource;
    rules.location = at.location();
    if (at.schema.kind() == kind::boolean) {
      rules.boolean = at.schema.as_bool();
    } else if (expect(at.schema.kind() == kind::object, at, "must be an object, true or false")) {
      read_keywords(rules, at);
    }
    return &rules;
  }

  static bool is_used(const schema_resource& in, vocabulary of) {
    const auto& used = in.vocabularies;
    return of == vocabulary::core || of == vocabulary::format || (of == vocabulary::applicator && used.applicator) ||
           (of == vocabulary::unevaluated && used.unevaluated) || (of == vocabulary::validation && used.validation);
  }

  void read_keywords(schema_rules& rules, const schema_place& schema) {
    for (const auto [name, value] : schema.schema.members()) {
      const auto at = schema.member(name, value);
      const auto* const found = std::ranges::find(keywords, name, &keyword::name);
      if (found == keywords.end()) {
        expect(!options_.strict || name.starts_with("x-"), at, "is no keyword of JSON Schema 2020-12");
      } else if (found->read != nullptr && is_used(*schema.resource, found->of)) {
        (this->*found->read)(rules, at);
      }
      if (!problem_.empty()) return;
    }
    std::ranges::sort(rules.properties, {}, &property_rule::name);
    bool combines = rules.unevaluated_items != nullptr || rules.unevaluated_properties != nullptr;
    combines = combines || !rules.dependents.empty();
    rules.for_each_in_place([&](const schema_rules*) { combines = true; });
    rules.combines = rules.combines || combines;
  }

  /// The next reference, and the dynamic anchors of what was loaded for it: they may be met from any other schema.
  void follow() {
    if (!references_.empty()) {
      const auto reference = std::move(references_.back());
      references_.pop_back();
      const auto target = documents_->find(*reference.at.resource, reference.at.schema.as_string());
      if (!target) return refuse(reference.at, target.error().text);
      if (reference.dynamic) note_dynamic_name(*reference.from, *target, reference.at.schema.as_string());
      (reference.dynamic ? reference.from->dynamic_reference : reference.from->reference) = compile(*target);
    }
    auto& known = documents_->resources();
    while (resources_seen_ < known.size() && problem_.empty()) {
      auto& [document, resource] = known[resources_seen_++];
      for (const auto& [name, pointer] : resource.dynamic_anchors)
        resource.dynamic_rules.emplace_back(name, compile(documents_->place_of(*document, pointer)));
    }
  }

  /// Only a reference by name to a $dynamicAnchor looks for another one of that name when it is followed.
  static void note_dynamic_name(schema_rules& rules, const schema_place& target, std::string_view reference) {
    const auto name = reference.substr(std::min(reference.find('#'), reference.size() - 1) + 1);
    for (const auto& [anchor, pointer] : target.resource->dynamic_anchors) {
      if (anchor == name && pointer == target.pointer) rules.dynamic_name = anchor;
    }
  }

  // ---- core

  void read_dialect(schema_rules&, const schema_place& at) {
    expect(at.pointer == at.resource->pointer + "/$schema", at, "must stand at the root of a schema with an address");
  }
  void read_vocabulary(schema_rules&, const schema_place& at) {
    expect(at.schema.kind() == kind::object, at, "must be an object");
  }
  void read_text(schema_rules&, const schema_place& at) {
    expect(at.schema.kind() == kind::string, at, "must be a string");
  }
  void read_flag(schema_rules&, const schema_place& at) {
    expect(at.schema.kind() == kind::boolean, at, "must be true or false");
  }
  void read_list(schema_rules&, const schema_place& at) {
    expect(at.schema.kind() == kind::array, at, "must be an array");
  }
  template <bool dynamic>
  void read_reference(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::string && is_uri_reference(at.schema.as_string()), at,
                "must be a string that is a URI reference"))
      return;
    rules.combines = true;
    references_.push_back({&rules, at, dynamic});
  }
  void read_definition(schema_rules&, const schema_place& at) { compile(at); }
  void read_definitions(schema_rules&, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::object, at, "must be an object")) return;
    for (const auto [name, schema] : at.schema.members()) compile(at.member(name, schema));
  }

  // ---- validation

  void read_type(schema_rules& rules, const schema_place& at) {
    const auto add = [&](element name) {
      const auto bit = type_bit(name.as_string());
      expect(bit != 0, at, "must name null, boolean, integer, number, string, array or object");
      rules.types |= bit;
    };
    if (at.schema.kind() == kind::string) return add(at.schema);
    if (!expect(at.schema.kind() == kind::array && at.schema.size() > 0, at, "must be a type or an array of types"))
      return;
    for (const auto name : at.schema.items()) add(name);
  }
  void read_enum(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::array, at, "must be an array")) return;
    rules.enumeration.emplace(at.schema.items().begin(), at.schema.items().end());
  }
  void read_const(schema_rules& rules, const schema_place& at) { rules.constant = at.schema; }

  template <std::optional<element> schema_rules::* bound>
  void read_bound(schema_rules& rules, const schema_place& at) {
    if (expect(at.schema.is_number(), at, "must be a number")) rules.*bound = at.schema;
  }
  void read_multiple_of(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.is_number(), at, "must be a number")) return;
    auto divisor = json::decimal::of(at.schema);
    if (!expect(!divisor.negative && !divisor.digits.empty(), at, "must be above zero")) return;
    if (expect(divisor.digits.size() <= json::decimal::divisor_digits_max, at, "has more than 1000 digits"))
      rules.multiple_of = std::move(divisor);
  }

  template <count_rule schema_rules::* counts, std::uint64_t count_rule::* limit>
  void read_count(schema_rules& rules, const schema_place& at) {
    const auto fits = at.schema.as_uint64();
    const auto exact = at.schema.is_number() ? json::decimal::of(at.schema) : json::decimal{.negative = true};
    if (!expect(!exact.negative && exact.is_integer(), at, "must be an integer of at least 0")) return;
    (rules.*counts).*limit = fits.value_or(std::numeric_limits<std::uint64_t>::max());
  }
  void read_pattern(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::string, at, "must be a string")) return;
    rules.pattern = compile_pattern(at.schema.as_string(), at);
    rules.pattern_text = at.schema.as_string();
  }
  std::optional<pattern> compile_pattern(std::string_view text, const schema_place& at) {
    auto compiled = pattern::compile(text);
    if (compiled) return std::move(*compiled);
    refuse(at, "is no pattern that is supported: " + compiled.error().text);
    return std::nullopt;
  }
  void read_format(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::string, at, "must be a string")) return;
    rules.format_name = at.schema.as_string();
    if (options_.assert_formats || at.resource->vocabularies.format_assertion)
      rules.format = find_format(rules.format_name);
  }
  void read_unique_items(schema_rules& rules, const schema_place& at) {
    if (expect(at.schema.kind() == kind::boolean, at, "must be true or false"))
      rules.unique_items = at.schema.as_bool();
  }
  /// An array of strings, none twice.
  bool read_names(std::vector<std::string_view>& names, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::array, at, "must be an array")) return false;
    for (const auto name : at.schema.items()) {
      if (!expect(name.kind() == kind::string, at, "must hold strings")) return false;
      names.push_back(name.as_string());
    }
    auto sorted = names;
    std::ranges::sort(sorted);
    return expect(std::ranges::adjacent_find(sorted) == sorted.end(), at, "names a member twice");
  }
  void read_required(schema_rules& rules, const schema_place& at) {
    if (!read_names(rules.required, at)) return;
    for (int index = 0; const auto name : rules.required) property(rules, name).required_index = index++;
  }

  // ---- applicators

  template <const schema_rules* schema_rules::* place>
  void read_schema(schema_rules& rules, const schema_place& at) {
    rules.*place = compile(at);
  }
  template <std::vector<const schema_rules*> schema_rules::* place>
  void read_schemas(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::array && at.schema.size() > 0, at,
                "must be an array with at least one schema"))
      return;
    for (const auto schema : at.schema.items())
      (rules.*place).push_back(compile(at.member(std::to_string((rules.*place).size()), schema)));
  }
  property_rule& property(schema_rules& rules, std::string_view name) {
    auto& index = properties_[&rules];
    const auto [known, fresh] = index.emplace(name, rules.properties.size());
    return fresh ? rules.properties.emplace_back(name) : rules.properties[known->second];
  }
  void read_properties(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::object, at, "must be an object")) return;
    for (const auto [name, schema] : at.schema.members()) {
      const auto* const compiled = compile(at.member(name, schema));
      property(rules, name).rules = compiled;
    }
  }
  void read_pattern_properties(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::object, at, "must be an object")) return;
    for (const auto [text, schema] : at.schema.members()) {
      const auto place = at.member(text, schema);
      auto compiled = compile_pattern(text, place);
      if (!compiled) return;
      rules.pattern_properties.push_back({std::move(*compiled), compile(place)});
    }
  }
  static dependent_rule& dependent(schema_rules& rules, std::string_view name) {
    const auto found = std::ranges::find(rules.dependents, name, &dependent_rule::name);
    return found != rules.dependents.end() ? *found : rules.dependents.emplace_back(name);
  }
  void read_dependent_required(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::object, at, "must be an object")) return;
    for (const auto [name, names] : at.schema.members()) {
      if (!read_names(dependent(rules, name).required, at.member(name, names))) return;
    }
  }
  void read_dependent_schemas(schema_rules& rules, const schema_place& at) {
    if (!expect(at.schema.kind() == kind::object, at, "must be an object")) return;
    for (const auto [name, schema] : at.schema.members()) {
      const auto* const compiled = compile(at.member(name, schema));
      dependent(rules, name).rules = compiled;
    }
  }

  struct reference {
    schema_rules* from;
    schema_place at;
    bool dynamic;
  };

  schema_options options_;
  std::unique_ptr<schema_documents> documents_;
  std::deque<schema_rules> all_;
  std::map<std::pair<const schema_document*, std::string>, const schema_rules*> by_place_;
  std::map<const schema_rules*, std::map<std::string_view, std::size_t>> properties_;  ///< places by name
  std::vector<reference> references_;                                                  ///< to be followed
  std::size_t resources_seen_ = 0;  ///< whose dynamic anchors are compiled
  std::string problem_;
};

const std::array<compiler::keyword, 57> compiler::keywords{{
    {"$schema", vocabulary::core, &compiler::read_dialect},
    {"$vocabulary", vocabulary::core, &compiler::read_vocabulary},
    {"$id", vocabulary::core, nullptr},
    {"$anchor", vocabulary::core, nullptr},
    {"$dynamicAnchor", vocabulary::core, nullptr},
    {"$ref", vocabulary::core, &compiler::read_reference<false>},
    {"$dynamicRef", vocabulary::core, &compiler::read_reference<true>},
    {"$defs", vocabulary::core, &compiler::read_definitions},
    {"$comment", vocabulary::core, &compiler::read_text},
    {"title", vocabulary::core, &compiler::read_text},
    {"description", vocabulary::core, &compiler::read_text},
    {"default", vocabulary::core, nullptr},
    {"deprecated", vocabulary::core, &compiler::read_flag},
    {"readOnly", vocabulary::core, &compiler::read_flag},
    {"writeOnly", vocabulary::core, &compiler::read_flag},
    {"examples", vocabulary::core, &compiler::read_list},
    {"contentEncoding", vocabulary::core, &compiler::read_text},
    {"contentMediaType", vocabulary::core, &compiler::read_text},
    {"contentSchema", vocabulary::core, &compiler::read_definition},
    {"format", vocabulary::format, &compiler::read_format},
    {"type", vocabulary::validation, &compiler::read_type},
    {"enum", vocabulary::validation, &compiler::read_enum},
    {"const", vocabulary::validation, &compiler::read_const},
    {"minimum", vocabulary::validation, &compiler::read_bound<&schema_rules::minimum>},
    {"maximum", vocabulary::validation, &compiler::read_bound<&schema_rules::maximum>},
    {"exclusiveMinimum", vocabulary::validation, &compiler::read_bound<&schema_rules::exclusive_minimum>},
    {"exclusiveMaximum", vocabulary::validation, &compiler::read_bound<&schema_rules::exclusive_maximum>},
    {"multipleOf", vocabulary::validation, &compiler::read_multiple_of},
    {"pattern", vocabulary::validation, &compiler::read_pattern},
    {"minLength", vocabulary::validation, &compiler::read_count<&schema_rules::length, &count_rule::least>},
    {"maxLength", vocabulary::validation, &compiler::read_count<&schema_rules::length, &count_rule::most>},
    {"minItems", vocabulary::validation, &compiler::read_count<&schema_rules::item_count, &count_rule::least>},
    {"maxItems", vocabulary::validation, &compiler::read_count<&schema_rules::item_count, &count_rule::most>},
    {"minProperties", vocabulary::validation, &compiler::read_count<&schema_rules::property_count, &count_rule::least>},
    {"maxProperties", vocabulary::validation, &compiler::read_count<&schema_rules::property_count, &count_rule::most>},
    {"minContains", vocabulary::validation, &compiler::read_count<&schema_rules::contained, &count_rule::least>},
    {"maxContains", vocabulary::validation, &compiler::read_count<&schema_rules::contained, &count_rule::most>},
    {"uniqueItems", vocabulary::validation, &compiler::read_unique_items},
    {"required", vocabulary::validation, &compiler::read_required},
    {"dependentRequired", vocabulary::validation, &compiler::read_dependent_required},
    {"prefixItems", vocabulary::applicator, &compiler::read_schemas<&schema_rules::prefix_items>},
    {"items", vocabulary::applicator, &compiler::read_schema<&schema_rules::items>},
    {"contains", vocabulary::applicator, &compiler::read_schema<&schema_rules::contains>},
    {"properties", vocabulary::applicator, &compiler::read_properties},
    {"patternProperties", vocabulary::applicator, &compiler::read_pattern_properties},
    {"additionalProperties", vocabulary::applicator, &compiler::read_schema<&schema_rules::additional>},
    {"propertyNames", vocabulary::applicator, &compiler::read_schema<&schema_rules::property_names>},
    {"dependentSchemas", vocabulary::applicator, &compiler::read_dependent_schemas},
    {"allOf", vocabulary::applicator, &compiler::read_schemas<&schema_rules::all_of>},
    {"anyOf", vocabulary::applicator, &compiler::read_schemas<&schema_rules::any_of>},
    {"oneOf", vocabulary::applicator, &compiler::read_schemas<&schema_rules::one_of>},
    {"not", vocabulary::applicator, &compiler::read_schema<&schema_rules::negated>},
    {"if", vocabulary::applicator, &compiler::read_schema<&schema_rules::condition>},
    {"then", vocabulary::applicator, &compiler::read_schema<&schema_rules::consequence>},
    {"else", vocabulary::applicator, &compiler::read_schema<&schema_rules::alternative>},
    {"unevaluatedItems", vocabulary::unevaluated, &compiler::read_schema<&schema_rules::unevaluated_items>},
    {"unevaluatedProperties", vocabulary::unevaluated, &compiler::read_schema<&schema_rules::unevaluated_properties>},
}};

}  // namespace

result<compiled_schema> compile_schema(std::string_view text, schema_options options) {
  return compiler(std::move(options)).run(text);
}

}  // namespace foldlog
