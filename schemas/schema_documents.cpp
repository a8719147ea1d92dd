#include "schemas/schema_documents.h"

#include <algorithm>
#include <array>

#include "schemas/json_pointer.h"
#include "schemas/meta_schemas.h"
#include "schemas/uri.h"

namespace foldlog {

namespace {

using json::element;
using json::kind;

constexpr std::string_view dialect_2020_12 = "https://json-schema.org/draft/2020-12/schema";
constexpr std::string_view vocabulary_prefix = "https://json-schema.org/draft/2020-12/vocab/";

constexpr std::array<std::string_view, 11> schema_keywords{
    "items", "contains", "additionalProperties", "propertyNames",         "if",           "then",
    "else",  "not",      "unevaluatedItems",     "unevaluatedProperties", "contentSchema"};
constexpr std::array<std::string_view, 4> list_keywords{"allOf", "anyOf", "oneOf", "prefixItems"};
constexpr std::array<std::string_view, 4> map_keywords{"$defs", "properties", "patternProperties", "dependentSchemas"};

bool among(const auto& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

std::unexpected<error> broken(const std::string& location, std::string_view what) {
  return fail(error_kind::invalid, (location.empty() ? "the root" : location) + " " + std::string(what));
}

std::string below(const std::string& pointer, std::string_view key) {
  std::string out = pointer;
  json::append_pointer(out, key);
  return out;
}

bool is_anchor(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

const embedded_schema* find_meta_schema(std::string_view uri) {
  for (const auto& schema : meta::schemas()) {
    if (schema.text.contains("\"$id\": \"" + std::string(uri) + "\"")) return &schema;
  }
  return nullptr;
}

}  // namespace

std::string schema_place::location() const {
  return resource->uri + (resource->uri.empty() ? "" : "#") + pointer.substr(resource->pointer.size());
}

schema_place schema_place::member(std::string_view key, element value) const {
  const auto at = below(pointer, key);
  const auto own = document->resources.find(at);
  return {document, at, value, own == document->resources.end() ? resource : own->second};
}

/// Walks the schemas of one document and notes what has an address.
struct schema_documents::scan {
  schema_documents& all;
  schema_document& document;

  result<void> visit(element schema, const std::string& pointer, schema_resource* within) {
    if (schema.kind() != kind::object) return {};
    if (const auto id = schema.find("$id"); id && !pointer.empty()) {
      auto own = open(schema, pointer, within, id);
      if (!own) return std::unexpected(own.error());
      within = *own;
    }
    for (const auto [name, value] : schema.members()) {
      const auto at = below(pointer, name);
      if (name == "$anchor" || name == "$dynamicAnchor") {
        if (auto noted = note_anchor(name, value, at, pointer, *within); !noted) return noted;
      } else if (among(schema_keywords, name)) {
        if (auto seen = visit(value, at, within); !seen) return seen;
      } else if (among(list_keywords, name)) {
        std::size_t index = 0;
        for (const auto item : value.items()) {
          if (auto seen = visit(item, below(at, std::to_string(index++)), within); !seen) return seen;
        }
      } else if (among(map_keywords, name)) {
        for (const auto [key, item] : value.members()) {
          if (auto seen = visit(item, below(at, key), within); !seen) return seen;
        }
      }
    }
    return {};
  }

  /// `around`: what a resource within the document stands in.
  result<schema_resource*> open(element schema, const std::string& pointer, const schema_resource* around,
                                std::optional<element> id, std::string_view found_at = "") {
    std::string uri(around != nullptr ? std::string_view(around->uri) : found_at);
    if (id) {
      const auto at = below(pointer, "$id");
      if (id->kind() != kind::string || !is_uri_reference(id->as_string()))
        return broken(at, "must be a string that is a URI reference");
      uri = resolve_uri(uri, id->as_string());
      const auto fragment = uri.find('#');
      if (fragment != std::string::npos && fragment + 1 != uri.size()) return broken(at, "must not have a fragment");
      uri.resize(std::min(fragment, uri.size()));
    }
    auto& [of, made] = all.resources_.emplace_back();
    of = &document;
    made.uri = uri;
    made.pointer = pointer;
    made.root = schema;
    made.around = around;
    document.resources.emplace(pointer, &made);
    const auto [known, fresh] = all.by_uri_.emplace(uri, &made);
    if (!fresh && document.resources.contains(known->second->pointer) &&
        document.resources.find(known->second->pointer)->second == known->second) {
      return broken(below(pointer, "$id"), "is the address of two schemas: " + uri);
    }
    return &made;
  }

  static result<void> note_anchor(std::string_view keyword, element value, const std::string& at,
                                  const std::string& pointer, schema_resource& within) {
    if (!is_anchor(value.as_string()))
      return broken(at, "must be a name: a letter or _, then letters, digits, '-', '_' or '.'");
    const std::string name(value.as_string());
    const auto [known, fresh] = within.anchors.emplace(name, pointer);
    if (!fresh && known->second != pointer) return broken(at, "is the name of two schemas: " + name);
    if (keyword == "$dynamicAnchor") within.dynamic_anchors.emplace_back(name, pointer);
    return {};
  }
};

result<schema_place> schema_documents::add(std::string_view text, std::string_view uri) {
  auto& document = documents_.emplace_back();
  const auto root = document.parser.parse(text);
  if (!root) return std::unexpected(root.error());
  document.root = *root;
  scan walk{*this, document};
  const auto id = root->find("$id");
  auto made = walk.open(*root, "", nullptr, id, uri);
  if (!made) return std::unexpected(made.error());
  by_uri_.emplace(uri, *made);
  const auto first = resources_.size() - 1;
  if (auto seen = walk.visit(*root, "", *made); !seen) return std::unexpected(seen.error());
  const auto end = resources_.size();
  for (auto at = first; at < end; ++at) {
    if (auto read = read_dialect(resources_[at].second); !read) return std::unexpected(read.error());
  }
  return schema_place{&document, "", *root, *made};
}

schema_place schema_documents::place_of(schema_document& document, const std::string& pointer) const {
  schema_place place{&document, "", document.root, document.resources.at("")};
  for (std::string_view rest = pointer; !rest.empty();) {
    const auto key = json::take_key(rest);
    place = place.member(key, *json::find_child(place.schema, key));
  }
  return place;
}

result<schema_place> schema_documents::find(const schema_resource& from, std::string_view reference) {
  const auto absolute = resolve_uri(from.uri, reference);
  const auto fragment_at = absolute.find('#');
  const auto of = resource_of(absolute.substr(0, fragment_at));
  if (!of) return std::unexpected(of.error());
  auto& [document, resource] = *std::ranges::find_if(resources_, [&](const auto& one) { return &one.second == *of; });
  const auto fragment = fragment_at == std::string::npos
                            ? std::string()
                            : percent_decoded(std::string_view(absolute).substr(fragment_at + 1));
  if (!fragment.empty() && fragment.front() != '/') {
    const auto anchor = resource.anchors.find(fragment);
    if (anchor == resource.anchors.end())
      return fail(error_kind::not_found, "leads nowhere: there is no anchor " + fragment);
    return place_of(*document, anchor->second);
  }
  schema_place place{document, resource.pointer, resource.root, &resource};
  for (std::string_view rest = fragment; !rest.empty();) {
    const auto key = json::take_key(rest);
    const auto next = json::find_child(place.schema, key);
    if (!next) return fail(error_kind::not_found, "leads nowhere: there is no " + fragment);
    place = place.member(key, *next);
  }
  return place;
}

result<schema_resource*> schema_documents::resource_of(const std::string& uri) {
  const auto known = by_uri_.find(uri);
  if (known != by_uri_.end()) return known->second;
  const auto text = text_of(uri);
  if (!text) return std::unexpected(text.error());
  if (documents_.size() >= documents_max)
    return fail(error_kind::invalid, "leads to more than " + std::to_string(documents_max) + " documents");
  const auto added = add(*text, uri);
  if (!added) return fail(error_kind::invalid, "leads to " + uri + ", which is no schema: " + added.error().text);
  return added->resource;
}

result<std::string> schema_documents::text_of(const std::string& uri) {
  if (const auto* const schema = find_meta_schema(uri)) return std::string(schema->text);
  if (auto text = load_ && !uri.empty() ? load_(uri) : std::nullopt) return *std::move(text);
  return fail(error_kind::not_found, "leads nowhere: there is no schema " + uri);
}

result<void> schema_documents::read_dialect(schema_resource& of) {
  const auto dialect = of.root.find("$schema");
  if (!dialect) {
    if (of.around != nullptr) of.vocabularies = of.around->vocabularies;
    return {};
  }
  const auto at = below(of.pointer, "$schema");
  if (dialect->kind() != kind::string) return broken(at, "must be a string");
  auto name = dialect->as_string();
  if (name.ends_with('#')) name.remove_suffix(1);
  if (name == dialect_2020_12 || name == of.uri) return {};
  if (name.contains("//json-schema.org/")) return broken(at, "must be " + std::string(dialect_2020_12));
  const auto read = read_vocabularies(of, name);
  return read ? read : broken(at, read.error().text);
}

result<void> schema_documents::read_vocabularies(schema_resource& of, std::string_view dialect) {
  const auto meta = resource_of(std::string(dialect));
  if (!meta) return std::unexpected(meta.error());
  const auto listed = (*meta)->root.find("$vocabulary");
  if (!listed) return {};
  if (listed->kind() != kind::object) return fail(error_kind::invalid, "leads to a $vocabulary that is no object");
  of.vocabularies = {.applicator = false, .unevaluated = false, .validation = false};
  for (const auto [uri, required] : listed->members()) {
    const auto name = uri.starts_with(vocabulary_prefix) ? uri.substr(vocabulary_prefix.size()) : std::string_view();
    constexpr std::array<std::string_view, 4> quiet{"core", "meta-data", "format-annotation", "content"};
    if (name == "applicator") {
      of.vocabularies.applicator = true;
    } else if (name == "unevaluated") {
      of.vocabularies.unevaluated = true;
    } else if (name == "validation") {
      of.vocabularies.validation = true;
    } else if (name == "format-assertion") {
      of.vocabularies.format_assertion = true;
    } else if (!among(quiet, name) && required.as_bool()) {
      return fail(error_kind::invalid, "demands a vocabulary that is not known here: " + std::string(uri));
    }
  }
  return {};
}

}  // namespace foldlog
