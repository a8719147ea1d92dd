#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
  std::string schema = {};  ///< where the keyword stands: `<URI>#<JSON Pointer>`, a bare pointer when there is no URI

  bool operator==(const violation&) const = default;
};

/// `[{"pointer":…,"keyword":…,"detail":…},…]`; `locations` adds each one's `"schema"`.
void append_violations(std::string& out, const std::vector<violation>& all, bool locations = false);

/// Where a document with that URI (absolute, no fragment) can be had; nothing: nowhere.
using schema_loader = std::function<std::optional<std::string>(std::string_view uri)>;

struct schema_options {
  std::string uri = {};         ///< where the schema was found; what its references are relative to, unless it has $id
  bool strict = false;          ///< a keyword that is not known and does not begin with `x-` is an error, no annotation
  bool assert_formats = false;  ///< `format` (schemas/format.h) is a rule, no annotation
  schema_loader load = {};      ///< for references to other documents; the meta-schemas of 2020-12 are known
};

/// A compiled JSON Schema (2020-12), all of its core, applicator, unevaluated, validation and format vocabularies; the
/// others are annotations. Numbers are compared exactly. May be moved; using it is thread-safe.
class validator {
 public:
  /// `invalid` with the JSON Pointer into the schema: a keyword's value of the wrong kind, a pattern that cannot be had
  /// in linear time (look-around, back-references), a reference that leads nowhere or in a circle, another dialect.
  [[nodiscard]] static result<validator> compile(std::string_view schema_text, schema_options options = {});

  validator(validator&&) noexcept;
  validator& operator=(validator&&) noexcept;
  ~validator();

  /// Every violation, in the order of the schema's rules and the instance's members; empty (and nothing allocated) when
  /// valid. Depth and work are bounded: an instance that would take more than `steps_max` schemas is invalid (`$ref`).
  [[nodiscard]] std::vector<violation> validate(json::element instance) const;
  /// Stops at the first violation.
  [[nodiscard]] bool is_valid(json::element instance) const;

  static constexpr std::uint64_t steps_max = 5'000'000;

 private:
  struct state;
  explicit validator(std::unique_ptr<state> state);
  std::unique_ptr<state> state_;
};

}  // namespace foldlog
