#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/decimal.h"
#include "schemas/json.h"
#include "schemas/pattern.h"

// A compiled JSON Schema: what the schema compiler makes and the validator walks. Texts and elements point into the
// schema's document.
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

struct schema_rules;

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

struct schema_rules {
  std::optional<bool> boolean;  ///< the schema `true` or `false`
  std::uint8_t types = 0;       ///< schema_type bits allowed; 0: all
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

  std::vector<const schema_rules*> prefix_items;
  const schema_rules* items = nullptr;
  count_rule item_count;
  bool unique_items = false;

  std::vector<property_rule> properties;  ///< by name
  std::vector<std::string_view> required;
  std::vector<pattern_rule> pattern_properties;
  const schema_rules* additional = nullptr;
  count_rule property_count;

  const schema_rules* reference = nullptr;
  std::vector<const schema_rules*> all_of;
  std::vector<const schema_rules*> any_of;
  std::vector<const schema_rules*> one_of;
  const schema_rules* negated = nullptr;
};

/// The first is the root. `invalid` as validator::compile says.
[[nodiscard]] result<std::deque<schema_rules>> compile_schema(json::element schema);

}  // namespace foldlog
