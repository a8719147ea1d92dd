#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "schemas/json.h"
#include "schemas/validator.h"

namespace foldlog {

struct schema_rules;

/// Which vocabularies of 2020-12 the keywords of a resource are taken from.
struct schema_vocabularies {
  bool applicator = true;
  bool unevaluated = true;
  bool validation = true;
  bool format_assertion = false;
};

/// A part of a document with an address of its own: the document itself, or a schema with `$id`.
struct schema_resource {
  std::string uri;      ///< absolute, no fragment; empty: it was given none
  std::string pointer;  ///< of its root within its document
  json::element root;
  const schema_resource* around = nullptr;  ///< the resource that it stands in
  schema_vocabularies vocabularies;
  std::map<std::string, std::string, std::less<>> anchors;                      ///< pointers within the document
  std::vector<std::pair<std::string, std::string>> dynamic_anchors;             ///< names and pointers
  std::vector<std::pair<std::string_view, const schema_rules*>> dynamic_rules;  ///< the same, compiled
};

struct schema_document {
  json::parser parser;
  json::element root;
  std::map<std::string, schema_resource*, std::less<>> resources;  ///< by pointer
};

/// A schema within a document.
struct schema_place {
  schema_document* document = nullptr;
  std::string pointer;
  json::element schema;
  schema_resource* resource = nullptr;

  /// For messages: the resource's URI, `#`, the pointer within the resource.
  [[nodiscard]] std::string location() const;
  [[nodiscard]] schema_place member(std::string_view key, json::element value) const;
};

/// All documents that a schema reaches, with their addresses: `$id`, `$anchor`, `$dynamicAnchor`. The meta-schemas of
/// 2020-12 are known; others come from the loader. Errors are `invalid` and begin with the place in the document.
class schema_documents {
 public:
  explicit schema_documents(schema_loader load) : load_(std::move(load)) {}

  /// The document's root. The URI is where it was found; its own `$id` goes before.
  [[nodiscard]] result<schema_place> add(std::string_view text, std::string_view uri);
  /// What a reference that stands in that resource leads to.
  [[nodiscard]] result<schema_place> find(const schema_resource& from, std::string_view reference);
  /// Each with its document, in the order in which they were met.
  [[nodiscard]] std::deque<std::pair<schema_document*, schema_resource>>& resources() { return resources_; }
  [[nodiscard]] schema_place place_of(schema_document& document, const std::string& pointer) const;

  static constexpr std::size_t documents_max = 1'000;

 private:
  struct scan;
  [[nodiscard]] result<schema_resource*> resource_of(const std::string& uri);
  [[nodiscard]] result<std::string> text_of(const std::string& uri);
  [[nodiscard]] result<void> read_dialect(schema_resource& of);
  [[nodiscard]] result<void> read_vocabularies(schema_resource& of, std::string_view dialect);

  schema_loader load_;
  std::deque<schema_document> documents_;
  std::deque<std::pair<schema_document*, schema_resource>> resources_;
  std::map<std::string, schema_resource*, std::less<>> by_uri_;
};

}  // namespace foldlog
