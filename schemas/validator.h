#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "schemas/json.h"

namespace foldlog {

/// One broken rule of a schema. A missing member has its parent's pointer and `required`, an unknown one its own
/// pointer and `additionalProperties`.
struct violation {
  std::string pointer;  ///< JSON Pointer (RFC 6901) into the instance; empty: the whole
  std::string keyword;  ///< of JSON Schema; for a schema `false`: the keyword that led to it, or `false` at the root
  std::string detail;   ///< one sentence for a person

  bool operator==(const violation&) const = default;
};

/// A compiled JSON Schema (2020-12). May be moved; using it is thread-safe.
///
/// It knows type, enum, const, properties, required, additionalProperties, patternProperties, minimum, maximum,
/// exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, items, prefixItems, minItems,
/// maxItems, uniqueItems, minProperties, maxProperties, allOf, anyOf, oneOf, not, $defs, $ref within the document, and
/// boolean schemas; title, description, $schema, $id, format, default and examples are notes. Numbers are compared
/// exactly.
class validator {
 public:
  /// `invalid` with the JSON Pointer into the schema: another keyword, a keyword's value of the wrong kind, a pattern
  /// that cannot be had in linear time (look-around, back-references), a $ref that leads nowhere or in a circle.
  [[nodiscard]] static result<validator> compile(std::string_view schema_text);

  validator(validator&&) noexcept;
  validator& operator=(validator&&) noexcept;
  ~validator();

  /// Every violation, in the order of the schema's rules and the instance's members; empty (and nothing allocated) when
  /// valid.
  [[nodiscard]] std::vector<violation> validate(json::element instance) const;
  /// Stops at the first violation.
  [[nodiscard]] bool is_valid(json::element instance) const;

 private:
  struct state;
  explicit validator(std::unique_ptr<state> state);
  std::unique_ptr<state> state_;
};

}  // namespace foldlog
