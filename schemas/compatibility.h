#pragma once

#include <string>
#include <vector>

#include "schemas/json.h"

namespace foldlog {

/// A place where a reader's schema may refuse what a writer's schema allows.
struct incompatibility {
  std::string pointer;  ///< JSON Pointer into the schema: the keyword that says so
  std::string detail;   ///< one sentence for a person

  bool operator==(const incompatibility&) const = default;
};

/// Whether everything that is valid by the writer's schema is valid by the reader's: nothing found. Both must be
/// schemas that validator::compile takes. Annotations do not count. It errs on the safe side: a change that it cannot
/// follow (of combinations, conditions, references to other documents) is one.
///
///     writer  {"properties":{"a":{"maximum":9}},"required":["a"],"additionalProperties":false}
///     reader  {"properties":{"a":{"maximum":5}},"required":["a","b"]}
///     found   /properties/a/maximum: was 9, is 5        /required: the member "b" may be missing
[[nodiscard]] std::vector<incompatibility> find_incompatibilities(json::element writer, json::element reader);

}  // namespace foldlog
