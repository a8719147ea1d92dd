#include "schemas/registry.h"

#include "core/base/names.h"

namespace foldlog {

namespace {

using key_view = std::tuple<std::string_view, std::string_view, std::uint32_t>;

std::string label(std::string_view domain, std::string_view name, std::uint32_t version) {
  return std::string(domain) + "." + std::string(name) + ".v" + std::to_string(version);
}

// Where it is served, and what its references are relative to.
std::string address(const embedded_schema& of) {
  return "/v1/schemas/" + std::string(of.domain) + "/" + std::string(of.name) + ".v" + std::to_string(of.version) +
         ".json";
}

}  // namespace

result<void> schema_registry::add(std::string_view domain, std::string_view name, std::uint32_t version,
                                  std::string_view text) {
  return add(embedded_schema{domain, name, version, text}, {});
}

result<void> schema_registry::add(const embedded_schema& schema, const schema_loader& load) {
  const auto& [domain, name, version, text] = schema;
  const auto label_text = label(domain, name, version);
  if (!is_name(domain) || !is_type_name(name)) return fail(error_kind::invalid, label_text + ": no name of a schema");
  if (find_entry(domain, name, version) != nullptr)
    return fail(error_kind::conflict, label_text + ": it is there already");
  auto compiled = validator::compile(text, {.uri = address(schema), .strict = true, .load = load});
  if (!compiled) return fail(compiled.error().kind, label_text + ": " + compiled.error().text);
  entries_.emplace(key(domain, name, version),
                   entry{std::string(domain), std::string(name), version, std::string(text), std::move(*compiled)});
  return {};
}

result<void> schema_registry::add(std::span<const embedded_schema> schemas) {
  const schema_loader load = [&](std::string_view uri) -> std::optional<std::string> {
    for (const auto& one : schemas) {
      if (address(one) == uri) return std::string(one.text);
    }
    for (const auto& [key, one] : entries_) {
      if (address({one.domain, one.name, one.version, one.text}) == uri) return one.text;
    }
    return std::nullopt;
  };
  for (const auto& schema : schemas) {
    if (auto added = add(schema, load); !added) return added;
  }
  return {};
}

const schema_registry::entry* schema_registry::find_entry(std::string_view domain, std::string_view name,
                                                          std::uint32_t version) const {
  const auto found = entries_.find(key_view(domain, name, version));
  return found == entries_.end() ? nullptr : &found->second;
}

const validator* schema_registry::find(std::string_view domain, std::string_view name, std::uint32_t version) const {
  const auto* const found = find_entry(domain, name, version);
  return found == nullptr ? nullptr : &found->validator;
}

const schema_registry::entry* schema_registry::newest(std::string_view domain, std::string_view name) const {
  auto behind = entries_.upper_bound(key_view(domain, name, UINT32_MAX));
  if (behind == entries_.begin()) return nullptr;
  const auto& last = std::prev(behind)->second;
  return last.domain == domain && last.name == name ? &last : nullptr;
}

}  // namespace foldlog
