#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/decimal.h"
#include "schemas/format.h"
#include "schemas/json.h"
#include "schemas/pattern.h"
#include "schemas/schema_documents.h"
#include "schemas/validator.h"

// A compiled JSON Schema: what the schema compiler makes and the evaluation walks. Texts and elements point into the
// schema's documents.
namespace foldlog {

/// The bits of the types an instance has.
enum schema_type : std::uint8_t {
  null_type = 1,
  boolean_type = 2,
  integer_type = 4,
  number_type = 8,
  string_type = 16,
  array_type = 32,
  object_type = 64,
};

struct property_rule {
  std::string_view name;
  const schema_rules* rules = nullptr;  ///< null: the name is required and nothing more
  int required_index = -1;              ///< its place in `required`, -1: optional
};

struct pattern_rule {
  foldlog::pattern pattern;
  const schema_rules* rules;
};

struct count_rule {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

/// dependentRequired and dependentSchemas: what follows when an object has that member.
struct dependent_rule {
  std::string_view name;
  std::vector<std::string_view> required = {};
  const schema_rules* rules = nullptr;
};

struct schema_rules {
  const schema_resource* resource = nullptr;
  std::string location;         ///< schema_place::location()
  std::optional<bool> boolean;  ///< the schema `true` or `false`
  std::uint8_t types = 0;       ///< schema_type bits allowed; 0: all
  bool combines = false;        ///< any of the rules from `reference` on
  std::optional<std::vector<json::element>> enumeration;
  std::optional<json::element> constant;

  std::optional<json::element> minimum;
  std::optional<json::element> maximum;
  std::optional<json::element> exclusive_minimum;
  std::optional<json::element> exclusive_maximum;
  std::optional<json::decimal> multiple_of;

  count_rule length;  ///< in code points
  std::optional<foldlog::pattern> pattern;
  std::string_view pattern_text;
  format_check format = nullptr;  ///< set only when it is asserted
  std::string_view format_name;

  std::vector<const schema_rules*> prefix_items;
  const schema_rules* items = nullptr;
  const schema_rules* contains = nullptr;
  count_rule contained{.least = 1};
  count_rule item_count;
  bool unique_items = false;

  std::vector<property_rule> properties;  ///< by name
  std::vector<std::string_view> required;
  std::vector<pattern_rule> pattern_properties;
  const schema_rules* additional = nullptr;
  const schema_rules* property_names = nullptr;
  count_rule property_count;

  const schema_rules* reference = nullptr;
  const schema_rules* dynamic_reference = nullptr;
  std::string_view dynamic_name;  ///< empty: the dynamic reference is an ordinary one
  std::vector<const schema_rules*> all_of;
  std::vector<const schema_rules*> any_of;
  std::vector<const schema_rules*> one_of;
  const schema_rules* negated = nullptr;
  const schema_rules* condition = nullptr;
  const schema_rules* consequence = nullptr;  ///< `then`
  const schema_rules* alternative = nullptr;  ///< `else`
  std::vector<dependent_rule> dependents;
  const schema_rules* unevaluated_items = nullptr;
  const schema_rules* unevaluated_properties = nullptr;

  /// The schemas that are asked about the same value.
  template <typename Visit>
  void for_each_in_place(const Visit& visit) const {
    for (const auto* one : {reference, dynamic_reference, negated, condition, consequence, alternative}) {
      if (one != nullptr) visit(one);
    }
    for (const auto* list : {&all_of, &any_of, &one_of}) {
      for (const auto* one : *list) visit(one);
    }
    for (const auto& one : dependents) {
      if (one.rules != nullptr) visit(one.rules);
    }
  }
};

struct compiled_schema {
  std::unique_ptr<schema_documents> documents;  ///< keep the texts and values of the rules
  std::deque<schema_rules> rules;               ///< the first is the root
};

/// `invalid` as validator::compile says.
[[nodiscard]] result<compiled_schema> compile_schema(std::string_view text, schema_options options);

/// More than so many schemas, one within the other or leading to the other, are never asked about one value.
constexpr std::size_t in_place_max = 200;
/// Nothing when no schema leads back to itself for the same value by $ref and its like (it would never end), and none
/// through more than `in_place_max` others. A $dynamicRef leads where the evaluation comes from: that one counts too.
[[nodiscard]] std::optional<std::string> find_circle(const std::deque<schema_rules>& rules);

}  // namespace foldlog
