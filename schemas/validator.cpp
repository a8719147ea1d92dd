#include "schemas/validator.h"

#include "schemas/evaluation.h"
#include "schemas/schema_rules.h"

namespace foldlog {

struct validator::state {
  compiled_schema schema;
};

validator::validator(std::unique_ptr<state> state) : state_(std::move(state)) {}
validator::validator(validator&&) noexcept = default;
validator& validator::operator=(validator&&) noexcept = default;
validator::~validator() = default;

result<validator> validator::compile(std::string_view schema_text, schema_options options) {
  auto compiled = compile_schema(schema_text, std::move(options));
  if (!compiled) return std::unexpected(compiled.error());
  return validator(std::make_unique<state>(std::move(*compiled)));
}

std::vector<violation> validator::validate(json::element instance) const {
  std::vector<violation> found;
  evaluation(&found).run(state_->schema.rules.front(), instance);
  return found;
}

bool validator::is_valid(json::element instance) const {
  return evaluation(nullptr).run(state_->schema.rules.front(), instance);
}

}  // namespace foldlog
