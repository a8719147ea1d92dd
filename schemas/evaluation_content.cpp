#include <algorithm>
#include <bit>

#include "schemas/comparable.h"
#include "schemas/evaluation.h"

// What a schema says about a value by its kind.
namespace foldlog {

namespace {

using json::element;
using json::kind;

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
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

}  // namespace

bool evaluation::check_content(const schema_rules& rules, element value, const spot& where) {
  switch (value.kind()) {
    case kind::integer:
    case kind::real:
    case kind::big_number:
      return check_number(rules, value, where.at);
    case kind::string:
      return check_string(rules, value.as_string(), where.at);
    case kind::array:
      return check_array(rules, value, where);
    case kind::object:
      return check_object(rules, value, where);
    default:
      return true;
  }
}

bool evaluation::check_number(const schema_rules& rules, element value, const instance_place& at) {
  bool good = true;
  const auto bound = [&](const std::optional<element>& limit, std::string_view keyword, auto holds,
                         std::string_view relation) {
    if (!limit || holds(json::compare_numbers(value, *limit))) return;
    good =
        report(rules, at, keyword, [&] { return std::string(relation) + text_of(*limit) + ", is " + text_of(value); });
  };
  bound(rules.minimum, "minimum", [](auto order) { return order >= 0; }, "must be at least ");
  bound(rules.maximum, "maximum", [](auto order) { return order <= 0; }, "must be at most ");
  bound(rules.exclusive_minimum, "exclusiveMinimum", [](auto order) { return order > 0; }, "must be above ");
  bound(rules.exclusive_maximum, "exclusiveMaximum", [](auto order) { return order < 0; }, "must be below ");
  if (rules.multiple_of && !json::decimal::of(value).is_multiple_of(*rules.multiple_of)) {
    good =
        report(rules, at, "multipleOf", [&] { return text_of(value) + " is not a multiple of the schema's number"; });
  }
  return good;
}

bool evaluation::check_count(const schema_rules& rules, const count_rule& rule, std::uint64_t count,
                             const instance_place& at, std::string_view least, std::string_view most,
                             std::string_view what) {
  if (count < rule.least) {
    return report(rules, at, least, [&] {
      return "must have at least " + std::to_string(rule.least) + std::string(what) + ", has " + std::to_string(count);
    });
  }
  if (count > rule.most) {
    return report(rules, at, most, [&] {
      return "must have at most " + std::to_string(rule.most) + std::string(what) + ", has " + std::to_string(count);
    });
  }
  return true;
}

bool evaluation::check_string(const schema_rules& rules, std::string_view text, const instance_place& at) {
  bool good = true;
  // A code point takes 1 to 4 bytes: most texts need no counting.
  if (text.size() > rules.length.most || text.size() / 4 < rules.length.least) {
    good = check_count(rules, rules.length, code_points(text), at, "minLength", "maxLength", " characters");
  }
  if (rules.pattern && !rules.pattern->matches(text)) {
    good = report(rules, at, "pattern", [&] { return "must match " + std::string(rules.pattern_text); });
  }
  if (rules.format != nullptr && !rules.format(text)) {
    good = report(rules, at, "format", [&] { return "must be a " + std::string(rules.format_name); });
  }
  return good;
}

bool evaluation::check_array(const schema_rules& rules, element array, const spot& where) {
  bool good = check_count(rules, rules.item_count, array.size(), where.at, "minItems", "maxItems", " items");
  if (rules.unique_items && !has_unique_items(array)) {
    good = report(rules, where.at, "uniqueItems", [] { return "must not hold an item twice"; });
  }
  if (!good && found_ == nullptr) return false;
  if (!rules.prefix_items.empty() || rules.items != nullptr) {
    std::size_t index = 0;
    for (const auto item : array.items()) {
      const bool in_prefix = index < rules.prefix_items.size();
      const auto* const next = in_prefix ? rules.prefix_items[index] : rules.items;
      if (next == nullptr) break;
      if (where.marks != nullptr) where.marks->set(index);
      const auto place = where.at.item(index);
      if (!go_on(good, check(*next, item, {place}, in_prefix ? "prefixItems" : "items"))) return false;
      ++index;
    }
  }
  if (rules.contains != nullptr) go_on(good, check_contains(rules, array, where));
  return good;
}

bool evaluation::check_contains(const schema_rules& rules, element array, const spot& where) {
  std::uint64_t count = 0;
  std::size_t index = 0;
  for (const auto item : array.items()) {
    const auto place = where.at.item(index);
    if (fits(*rules.contains, item, {place})) {
      ++count;
      if (where.marks != nullptr) where.marks->set(index);
    }
    ++index;
  }
  if (count == 0 && rules.contained.least == 1) {
    return report(rules, where.at, "contains", [] { return "must hold an item that fits the schema, holds none"; });
  }
  return check_count(rules, rules.contained, count, where.at, "minContains", "maxContains",
                     " items that fit `contains`");
}

bool evaluation::check_object(const schema_rules& rules, element object, const spot& where) {
  bool good =
      check_count(rules, rules.property_count, object.size(), where.at, "minProperties", "maxProperties", " members");
  if (!good && found_ == nullptr) return false;
  std::uint64_t seen = 0;  // of the first 64 required ones
  std::size_t index = 0;
  for (const auto member : object.members()) {
    if (!go_on(good, check_member(rules, member, index++, where, seen))) return false;
  }
  return check_required(rules, object, where.at, seen) && good;
}

bool evaluation::check_member(const schema_rules& rules, json::member member, std::size_t index, const spot& where,
                              std::uint64_t& seen) {
  bool good = true;
  bool known = false;
  const auto place = where.at.member(member.key);
  if (rules.property_names != nullptr) {
    const json::node name{
        .kind = kind::string, .size = static_cast<std::uint32_t>(member.key.size()), .text = member.key.begin()};
    good = check(*rules.property_names, element(&name), {place}, "propertyNames");
  }
  if (const auto* const property = find_property(rules.properties, member.key)) {
    if (property->required_index >= 0 && property->required_index < 64) seen |= 1ULL << property->required_index;
    known = property->rules != nullptr;
    if (known) good = check(*property->rules, member.value, {place}, "properties") && good;
  }
  for (const auto& rule : rules.pattern_properties) {
    if (!rule.pattern.matches(member.key)) continue;
    known = true;
    good = check(*rule.rules, member.value, {place}, "patternProperties") && good;
  }
  if (!known && rules.additional != nullptr) {
    known = true;
    good = check(*rules.additional, member.value, {place}, "additionalProperties") && good;
  }
  if (known && where.marks != nullptr) where.marks->set(index);
  return good;
}

bool evaluation::check_required(const schema_rules& rules, element object, const instance_place& at,
                                std::uint64_t seen) {
  if (static_cast<std::size_t>(std::popcount(seen)) == rules.required.size()) return true;
  bool good = true;
  for (std::size_t i = 0; i < rules.required.size(); ++i) {
    const auto key = rules.required[i];
    if (i < 64 ? (seen >> i & 1) != 0 : object.find(key).has_value()) continue;
    good = report(rules, at, "required", [&] { return "must have the member \"" + std::string(key) + "\""; });
  }
  return good;
}

}  // namespace foldlog
