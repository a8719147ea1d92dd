#include "schemas/validator.h"

#include "schemas/evaluation.h"
#include "schemas/schema_rules.h"

namespace foldlog {

void append_violations(std::string& out, const std::vector<violation>& all, bool locations) {
  out += '[';
  for (const auto& one : all) {
    if (&one != &all.front()) out += ',';
    out += R"({"pointer":)";
    json::append_string(out, one.pointer);
    out += R"(,"keyword":)";
    json::append_string(out, one.keyword);
    out += R"(,"detail":)";
    json::append_string(out, one.detail);
    if (locations) {
      out += R"(,"schema":)";
      json::append_string(out, one.schema);
    }
    out += '}';
  }
  out += ']';
}

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
