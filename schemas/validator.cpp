#include "schemas/validator.h"

#include <algorithm>
#include <bit>

#include "schemas/comparable.h"
#include "schemas/schema_rules.h"

namespace foldlog {

namespace {

using json::element;
using json::kind;

/// Where an instance stands: a chain on the stack, made into a pointer only for a violation.
struct place {
  const place* parent = nullptr;
  std::string_view key = {};
  std::size_t index = 0;
  bool is_item = false;

  [[nodiscard]] place member(std::string_view name) const { return {.parent = this, .key = name}; }
  [[nodiscard]] place item(std::size_t at) const { return {.parent = this, .index = at, .is_item = true}; }

  void append_to(std::string& pointer) const {
    if (parent == nullptr) return;
    parent->append_to(pointer);
    is_item ? pointer.append("/").append(std::to_string(index)) : (json::append_pointer(pointer, key), pointer);
  }
};

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::uint8_t type_of(element value) {
  switch (value.kind()) {
    case kind::null:
      return null_type;
    case kind::boolean:
      return boolean_type;
    case kind::integer:
      return integer_type;
    case kind::real:
    case kind::big_number:
      return json::decimal::of(value).is_integer() ? integer_type : number_type;
    case kind::string:
      return string_type;
    case kind::array:
      return array_type;
    case kind::object:
      return object_type;
  }
  return 0;
}

std::string types_text(std::uint8_t types) {
  std::string out;
  const auto add = [&](int bit, std::string_view name) {
    if ((types & bit) != 0) out.append(out.empty() ? "" : " or ").append(name);
  };
  add(null_type, "null");
  add(boolean_type, "boolean");
  (types & number_type) != 0 ? add(number_type, "number") : add(integer_type, "integer");
  add(string_type, "string");
  add(array_type, "array");
  add(object_type, "object");
  return out;
}

std::string text_of(element value) {
  std::string out;
  json::append(out, value);
  return out;
}

const property_rule* find_property(const std::vector<property_rule>& properties, std::string_view name) {
  constexpr std::size_t few = 8;
  if (properties.size() <= few) {
    const auto found = std::ranges::find(properties, name, &property_rule::name);
    return found == properties.end() ? nullptr : &*found;
  }
  const auto found = std::ranges::lower_bound(properties, name, {}, &property_rule::name);
  return found == properties.end() || found->name != name ? nullptr : &*found;
}

bool has_unique_items(element array) {
  constexpr std::size_t few = 8;
  if (array.size() <= few) {
    for (auto one = array.items().begin(); one != array.items().end(); ++one) {
      for (auto other = std::next(one); other != array.items().end(); ++other) {
        if (equal(*one, *other)) return false;
      }
    }
    return true;
  }
  std::vector<std::string> texts;
  for (const auto item : array.items()) texts.push_back(json::comparable(item));
  std::ranges::sort(texts);
  return std::ranges::adjacent_find(texts) == texts.end();
}

/// One pass over an instance. Without a list to fill it stops at the first violation.
class evaluation {
 public:
  explicit evaluation(std::vector<violation>* found) : found_(found) {}

  /// `via`: the keyword that leads to these rules, for the schema `false`.
  bool check(const schema_rules& rules, element value, const place& at, std::string_view via) {
    if (rules.boolean) {
      return *rules.boolean || report(at, via, [&] {
        return via == "additionalProperties" ? "is not a member that is known here" : "is not allowed here";
      });
    }
    bool good = true;
    go_on(good, check_type(rules, value, at)) && go_on(good, check_values(rules, value, at)) &&
        go_on(good, check_content(rules, value, at)) && go_on(good, check_combinations(rules, value, at));
    return good;
  }

 private:
  /// Notes a step's outcome; false when there is nothing left to learn.
  bool go_on(bool& good, bool step) const {
    good = good && step;
    return good || found_ != nullptr;
  }

  template <typename Detail>
  bool report(const place& at, std::string_view keyword, const Detail& detail) {
    if (found_ != nullptr) {
      auto& added = found_->emplace_back();
      at.append_to(added.pointer);
      added.keyword = keyword;
      added.detail = detail();
    }
    return false;
  }

  bool check_type(const schema_rules& rules, element value, const place& at) {
    if (rules.types == 0 || (rules.types & type_of(value)) != 0) return true;
    return report(at, "type", [&] {
      return "must be " + types_text(rules.types) + ", is " +
             std::string(value.is_number() && (rules.types & integer_type) != 0 ? "no integer" : name(value.kind()));
    });
  }

  bool check_values(const schema_rules& rules, element value, const place& at) {
    bool good = true;
    if (rules.enumeration && std::ranges::none_of(*rules.enumeration, [&](element one) { return equal(one, value); })) {
      good = report(at, "enum", [&] {
        std::string text = "must be one of";
        for (const auto one : *rules.enumeration) text += " " + text_of(one);
        return text;
      });
    }
    if (rules.constant && !equal(*rules.constant, value)) {
      good = report(at, "const", [&] { return "must be " + text_of(*rules.constant); });
    }
    return good;
  }

  bool check_content(const schema_rules& rules, element value, const place& at) {
    switch (value.kind()) {
      case kind::integer:
      case kind::real:
      case kind::big_number:
        return check_number(rules, value, at);
      case kind::string:
        return check_string(rules, value.as_string(), at);
      case kind::array:
        return check_array(rules, value, at);
      case kind::object:
        return check_object(rules, value, at);
      default:
        return true;
    }
  }

  bool check_number(const schema_rules& rules, element value, const place& at) {
    bool good = true;
    const auto bound = [&](const std::optional<element>& limit, std::string_view keyword, auto holds,
                           std::string_view relation) {
      if (!limit || holds(json::compare_numbers(value, *limit))) return;
      good = report(at, keyword, [&] { return std::string(relation) + text_of(*limit) + ", is " + text_of(value); });
    };
    bound(rules.minimum, "minimum", [](auto order) { return order >= 0; }, "must be at least ");
    bound(rules.maximum, "maximum", [](auto order) { return order <= 0; }, "must be at most ");
    bound(rules.exclusive_minimum, "exclusiveMinimum", [](auto order) { return order > 0; }, "must be above ");
    bound(rules.exclusive_maximum, "exclusiveMaximum", [](auto order) { return order < 0; }, "must be below ");
    if (rules.multiple_of && !json::decimal::of(value).is_multiple_of(*rules.multiple_of)) {
      good = report(at, "multipleOf", [&] { return text_of(value) + " is not a multiple of the schema's number"; });
    }
    return good;
  }

  bool check_count(const count_rule& rule, std::uint64_t count, const place& at, std::string_view least,
                   std::string_view most, std::string_view what) {
    if (count < rule.least) {
      return report(at, least, [&] {
        return "must have at least " + std::to_string(rule.least) + std::string(what) + ", has " +
               std::to_string(count);
      });
    }
    if (count > rule.most) {
      return report(at, most, [&] {
        return "must have at most " + std::to_string(rule.most) + std::string(what) + ", has " + std::to_string(count);
      });
    }
    return true;
  }

  bool check_string(const schema_rules& rules, std::string_view text, const place& at) {
    bool good = true;
    // A code point takes 1 to 4 bytes: most texts need no counting.
    if (text.size() > rules.length.most || text.size() / 4 < rules.length.least) {
      good = check_count(rules.length, code_points(text), at, "minLength", "maxLength", " characters");
    }
    if (rules.pattern && !rules.pattern->matches(text)) {
      good = report(at, "pattern", [&] { return "must match " + std::string(rules.pattern_text); });
    }
    return good;
  }

  bool check_array(const schema_rules& rules, element array, const place& at) {
    bool good = check_count(rules.item_count, array.size(), at, "minItems", "maxItems", " items");
    if (rules.unique_items && !has_unique_items(array)) {
      good = report(at, "uniqueItems", [] { return "must not hold an item twice"; });
    }
    if (!good && found_ == nullptr) return false;
    if (rules.prefix_items.empty() && rules.items == nullptr) return good;
    std::size_t index = 0;
    for (const auto item : array.items()) {
      const bool in_prefix = index < rules.prefix_items.size();
      const auto* const next = in_prefix ? rules.prefix_items[index] : rules.items;
      if (next == nullptr) break;
      if (!go_on(good, check(*next, item, at.item(index), in_prefix ? "prefixItems" : "items"))) return false;
      ++index;
    }
    return good;
  }

  bool check_object(const schema_rules& rules, element object, const place& at) {
    bool good = check_count(rules.property_count, object.size(), at, "minProperties", "maxProperties", " members");
    if (!good && found_ == nullptr) return false;
    std::uint64_t seen = 0;  // of the first 64 required ones
    for (const auto [key, value] : object.members()) {
      if (!go_on(good, check_member(rules, value, at.member(key), seen))) return false;
    }
    return check_required(rules, object, at, seen) && good;
  }

  bool check_member(const schema_rules& rules, element value, const place& at, std::uint64_t& seen) {
    bool good = true;
    bool known = false;
    if (const auto* const property = find_property(rules.properties, at.key)) {
      if (property->required_index >= 0 && property->required_index < 64) seen |= 1ULL << property->required_index;
      known = property->rules != nullptr;
      if (known) good = check(*property->rules, value, at, "properties");
    }
    for (const auto& rule : rules.pattern_properties) {
      if (!rule.pattern.matches(at.key)) continue;
      known = true;
      good = check(*rule.rules, value, at, "patternProperties") && good;
    }
    if (!known && rules.additional != nullptr) good = check(*rules.additional, value, at, "additionalProperties");
    return good;
  }

  bool check_required(const schema_rules& rules, element object, const place& at, std::uint64_t seen) {
    if (static_cast<std::size_t>(std::popcount(seen)) == rules.required.size()) return true;
    bool good = true;
    for (std::size_t i = 0; i < rules.required.size(); ++i) {
      const auto key = rules.required[i];
      if (i < 64 ? (seen >> i & 1) != 0 : object.find(key).has_value()) continue;
      good = report(at, "required", [&] { return "must have the member \"" + std::string(key) + "\""; });
    }
    return good;
  }

  bool check_combinations(const schema_rules& rules, element value, const place& at) {
    bool good = true;
    const auto fits = [&](const schema_rules* one) { return evaluation(nullptr).check(*one, value, at, ""); };
    if (rules.reference != nullptr && !go_on(good, check(*rules.reference, value, at, "$ref"))) return false;
    for (const auto* const one : rules.all_of) {
      if (!go_on(good, check(*one, value, at, "allOf"))) return false;
    }
    if (!rules.any_of.empty() && std::ranges::none_of(rules.any_of, fits)) {
      good = report(at, "anyOf", [] { return "fits none of the schemas of which it must fit at least one"; });
    }
    if (!rules.one_of.empty()) {
      if (const auto count = std::ranges::count_if(rules.one_of, fits); count != 1) {
        good = report(at, "oneOf", [&] { return "must fit exactly one schema, fits " + std::to_string(count); });
      }
    }
    if (rules.negated != nullptr && fits(rules.negated)) {
      good = report(at, "not", [] { return "fits the schema that it must not fit"; });
    }
    return good;
  }

  std::vector<violation>* found_;
};

}  // namespace

struct validator::state {
  json::parser document;  // keeps the texts and values of the rules
  std::deque<schema_rules> rules;
};

validator::validator(std::unique_ptr<state> state) : state_(std::move(state)) {}
validator::validator(validator&&) noexcept = default;
validator& validator::operator=(validator&&) noexcept = default;
validator::~validator() = default;

result<validator> validator::compile(std::string_view schema_text) {
  auto made = std::make_unique<state>();
  const auto schema = made->document.parse(schema_text);
  if (!schema) return std::unexpected(schema.error());
  auto rules = compile_schema(*schema);
  if (!rules) return std::unexpected(rules.error());
  made->rules = std::move(*rules);
  return validator(std::move(made));
}

std::vector<violation> validator::validate(element instance) const {
  std::vector<violation> found;
  evaluation(&found).check(state_->rules.front(), instance, {}, "false");
  return found;
}

bool validator::is_valid(element instance) const {
  return evaluation(nullptr).check(state_->rules.front(), instance, {}, "false");
}

}  // namespace foldlog
