#include "schemas/evaluation.h"

#include <algorithm>

namespace foldlog {

namespace {

using json::element;
using json::kind;

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

}  // namespace

bool evaluation::run(const schema_rules& root, element instance) {
  const bool good = check(root, instance, {instance_place{}}, "false");
  if (!exhausted_) return good;
  return report(root, instance_place{}, "$ref", [] { return "takes more steps or a deeper way than is allowed"; });
}

bool evaluation::check(const schema_rules& rules, element value, const spot& where, std::string_view via) {
  if (rules.boolean) {
    return *rules.boolean || report(rules, where.at, via, [&] {
      return via == "additionalProperties" || via == "unevaluatedProperties" ? "is not a member that is known here"
                                                                             : "is not allowed here";
    });
  }
  exhausted_ = exhausted_ || depth_ >= depth_max || ++steps_ > validator::steps_max;
  if (exhausted_) return false;
  ++depth_;
  const auto* const before = scope_;
  const scope inside{.resource = rules.resource, .around = before};
  if (before == nullptr || before->resource != rules.resource) scope_ = &inside;
  bool good = false;
  if (rules.unevaluated_items == nullptr && rules.unevaluated_properties == nullptr) {
    good = check_rules(rules, value, where);
  } else {
    evaluated_marks own;
    good = check_rules(rules, value, {where.at, &own});
    if (good || found_ != nullptr) good = check_unevaluated(rules, value, {where.at, &own}) && good;
    if (where.marks != nullptr) where.marks->add(own);
  }
  scope_ = before;
  --depth_;
  return good && !exhausted_;
}

bool evaluation::check_rules(const schema_rules& rules, element value, const spot& where) {
  bool good = true;
  if (rules.types != 0 && (rules.types & type_of(value)) == 0) {
    good = report(rules, where.at, "type", [&] {
      return "must be " + types_text(rules.types) + ", is " +
             std::string(value.is_number() && (rules.types & integer_type) != 0 ? "no integer" : name(value.kind()));
    });
    if (found_ == nullptr) return false;
  }
  if (!go_on(good, check_values(rules, value, where.at)) || !go_on(good, check_content(rules, value, where)))
    return false;
  return (!rules.combines || check_combinations(rules, value, where)) && good;
}

bool evaluation::check_values(const schema_rules& rules, element value, const instance_place& at) {
  bool good = true;
  if (rules.enumeration && std::ranges::none_of(*rules.enumeration, [&](element one) { return equal(one, value); })) {
    good = report(rules, at, "enum", [&] {
      std::string text = "must be one of";
      for (const auto one : *rules.enumeration) text += " " + text_of(one);
      return text;
    });
  }
  if (rules.constant && !equal(*rules.constant, value)) {
    good = report(rules, at, "const", [&] { return "must be " + text_of(*rules.constant); });
  }
  return good;
}

// ---- schemas about the same value

bool evaluation::check_combinations(const schema_rules& rules, element value, const spot& where) {
  bool good = true;
  if (!go_on(good, check_references(rules, value, where))) return false;
  for (const auto* const one : rules.all_of) {
    if (!go_on(good, check(*one, value, where, "allOf"))) return false;
  }
  return go_on(good, check_choices(rules, value, where)) && go_on(good, check_condition(rules, value, where)) &&
         go_on(good, check_dependents(rules, value, where)) && good;
}

bool evaluation::check_references(const schema_rules& rules, element value, const spot& where) {
  bool good = true;
  if (rules.reference != nullptr && !go_on(good, check(*rules.reference, value, where, "$ref"))) return false;
  if (rules.dynamic_reference == nullptr) return good;
  return check(dynamic_target(rules), value, where, "$dynamicRef") && good;
}

const schema_rules& evaluation::dynamic_target(const schema_rules& rules) const {
  const auto* target = rules.dynamic_reference;
  if (rules.dynamic_name.empty()) return *target;
  for (const auto* each = scope_; each != nullptr; each = each->around) {  // the outermost one counts
    for (const auto& [name, schema] : each->resource->dynamic_rules) {
      if (name == rules.dynamic_name) target = schema;
    }
  }
  return *target;
}

bool evaluation::fits(const schema_rules& rules, element value, const spot& where) {
  auto* const kept = std::exchange(found_, nullptr);
  evaluated_marks own;
  const bool good = check(rules, value, {where.at, where.marks == nullptr ? nullptr : &own}, "");
  if (good && where.marks != nullptr) where.marks->add(own);
  found_ = kept;
  return good;
}

bool evaluation::check_choices(const schema_rules& rules, element value, const spot& where) {
  bool good = true;
  if (!rules.any_of.empty()) {
    bool any = false;
    for (const auto* const one : rules.any_of) {
      any = fits(*one, value, where) || any;
      if (any && where.marks == nullptr) break;
    }
    if (!any) {
      good =
          report(rules, where.at, "anyOf", [] { return "fits none of the schemas of which it must fit at least one"; });
    }
  }
  if (!rules.one_of.empty()) {
    const auto count = std::ranges::count_if(rules.one_of, [&](const auto* one) { return fits(*one, value, where); });
    if (count != 1) {
      good = report(rules, where.at, "oneOf",
                    [&] { return "must fit exactly one schema, fits " + std::to_string(count); });
    }
  }
  if (rules.negated != nullptr && fits(*rules.negated, value, {where.at})) {
    good = report(rules, where.at, "not", [] { return "fits the schema that it must not fit"; });
  }
  return good;
}

bool evaluation::check_condition(const schema_rules& rules, element value, const spot& where) {
  if (rules.condition == nullptr) return true;
  const bool holds = fits(*rules.condition, value, where);
  const auto* const next = holds ? rules.consequence : rules.alternative;
  return next == nullptr || check(*next, value, where, holds ? "then" : "else");
}

bool evaluation::check_dependents(const schema_rules& rules, element value, const spot& where) {
  bool good = true;
  for (const auto& one : rules.dependents) {
    if (!value.find(one.name)) continue;
    for (const auto key : one.required) {
      if (value.find(key)) continue;
      good = report(rules, where.at, "dependentRequired", [&] {
        return "must have the member \"" + std::string(key) + "\", since it has \"" + std::string(one.name) + "\"";
      });
    }
    if (one.rules != nullptr && !go_on(good, check(*one.rules, value, where, "dependentSchemas"))) return false;
  }
  return good;
}

bool evaluation::check_unevaluated(const schema_rules& rules, element value, const spot& where) {
  bool good = true;
  std::size_t index = 0;
  const auto look = [&](const schema_rules& next, element part, const instance_place& place, std::string_view via) {
    if (where.marks->has(index)) return true;
    where.marks->set(index);
    return go_on(good, check(next, part, {place}, via));
  };
  if (value.kind() == kind::object && rules.unevaluated_properties != nullptr) {
    for (const auto [key, part] : value.members()) {
      if (!look(*rules.unevaluated_properties, part, where.at.member(key), "unevaluatedProperties")) return false;
      ++index;
    }
  } else if (value.kind() == kind::array && rules.unevaluated_items != nullptr) {
    for (const auto part : value.items()) {
      if (!look(*rules.unevaluated_items, part, where.at.item(index), "unevaluatedItems")) return false;
      ++index;
    }
  }
  return good;
}

}  // namespace foldlog
