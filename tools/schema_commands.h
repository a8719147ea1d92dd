#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/domain_set.h"

namespace foldlog {

struct schema_validate_command {
  std::filesystem::path schema;
  std::filesystem::path folder;  ///< for references to other documents; empty: there are none
  bool assert_formats = false;
  bool strict = false;
  bool locations = false;                        ///< each violation says where its rule stands, too
  std::vector<std::filesystem::path> instances;  ///< none: JSON lines on stdin
};
/// `foldlog schema validate`: a line for each instance. Gives the exit status: 1 when one is invalid, 2 when the schema
/// is.
[[nodiscard]] int schema_validate(const schema_validate_command& options);

struct schema_check_command {
  std::string against;        ///< published schemas: a folder `<domain>/<Name>.v<N>.json`, or a node's http://host:port
  std::string schemas;        ///< the same for those that are checked; empty: the program's own
  std::string mode = "full";  ///< backward: they take all that was valid; forward: the other way; full: both
};
/// `foldlog schema check`: a line for each incompatible change of a published schema. Gives the exit status: 1 for any.
[[nodiscard]] int schema_check(const domain_set& domains, const schema_check_command& options, bool json);

}  // namespace foldlog
