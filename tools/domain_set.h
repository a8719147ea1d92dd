#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "query/read_model.h"
#include "schemas/registry.h"
#include "tools/domain.h"

namespace foldlog {

/// All domains of a program, checked against each other: what every command of the command line works with.
class domain_set {
 public:
  /// Errors: invalid or conflict (a name, a schema, a topic that no category has).
  [[nodiscard]] result<void> add(domain more);

  [[nodiscard]] const std::vector<domain>& all() const { return domains_; }
  [[nodiscard]] const schema_registry& schemas() const { return schemas_; }
  [[nodiscard]] std::vector<std::string> topics() const;
  [[nodiscard]] projection_list projections() const;
  [[nodiscard]] const category* find_category(std::string_view topic) const;
  /// Without the others. Null-like (empty) when there is no such domain.
  [[nodiscard]] std::vector<domain> only(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<const query::read_model> read_model() const;

 private:
  std::vector<domain> domains_;
  schema_registry schemas_;
};

}  // namespace foldlog
