#pragma once

#include <filesystem>
#include <string>
#include <vector>

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

}  // namespace foldlog
