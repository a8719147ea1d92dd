#include "tools/contract.h"

#include <fmt/format.h>

#include <cassert>

#include "core/base/names.h"

namespace foldlog {
namespace {

constexpr std::string_view any_object = "AnyObject";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string component(const schema_registry::entry& of) {
  return fmt::format("{}.{}.v{}", of.domain, of.name, of.version);
}

}  // namespace

json::element parse_template(json::parser& parser, std::string_view text) {
  const auto parsed = parser.parse(text);
  assert(parsed && "the template is JSON");
  return parsed.value_or(json::element());
}

std::string put_words(std::string text, const contract_words& words) {
  for (const auto& [word, by] : words) {
    const bool json = !by.empty() && std::string_view("[{0123456789").contains(by.front());
    if (json) replace_all(text, fmt::format("\"${}$\"", word), by);
    replace_all(text, fmt::format("${}$", word), by);
  }
  return text;
}

void append_schemas(std::string& out, const domain_set& domains, std::string_view referring) {
  const auto used = [referring](std::string_view name) {
    return referring.contains(fmt::format("\"#/components/schemas/{}\"", name));
  };
  if (used(any_object)) out += fmt::format(R"(,"{}":{{"type":"object"}})", any_object);
  json::parser parser;
  for (const auto& [key, entry] : domains.schemas().entries()) {
    if (!used(component(entry))) continue;
    const auto schema = parser.parse(entry.text);
    if (!schema) continue;  // the registry has parsed it
    out += fmt::format(",\"{}\":", component(entry));
    if (schema->kind() != json::kind::object) {
      json::append(out, *schema);
      continue;
    }
    out += '{';
    for (const auto [name, value] : schema->members()) {
      if (name == "$schema" || name == "$id") continue;  // they stand for the whole document here
      if (out.back() != '{') out += ',';
      json::append_string(out, name);
      out += ':';
      json::append(out, value);
    }
    out += '}';
  }
}

std::string schema_component(const domain_set& domains, std::string_view domain, std::string_view name) {
  const auto* found = domains.schemas().newest(domain, name);
  return found == nullptr ? std::string(any_object) : component(*found);
}

std::string event_component(const domain_set& domains, std::string_view type) {
  const auto parsed = event_type::parse(type);
  const auto* found =
      parsed ? domains.schemas().find_entry(parsed->domain, parsed->event, parsed->schema_version) : nullptr;
  return found == nullptr ? std::string(any_object) : component(*found);
}

}  // namespace foldlog
