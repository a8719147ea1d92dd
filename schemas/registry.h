#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "core/base/result.h"
#include "schemas/embedded_schema.h"
#include "schemas/validator.h"

namespace foldlog {

/// All schemas that a node knows, compiled. Filled once at the start, then only read (from any thread).
class schema_registry {
 public:
  struct entry {
    std::string domain;
    std::string name;
    std::uint32_t version = 1;
    std::string text;  ///< as given
    foldlog::validator validator;
  };
  using key = std::tuple<std::string, std::string, std::uint32_t>;

  /// `invalid` names the schema and what is wrong with it, or its name; `conflict`: it is there already.
  [[nodiscard]] result<void> add(std::string_view domain, std::string_view name, std::uint32_t version,
                                 std::string_view text);
  /// Stops at the first that fails. They may refer to each other by their addresses: a schema of the same domain is
  /// {"$ref":"Money.v1.json"}.
  [[nodiscard]] result<void> add(std::span<const embedded_schema> schemas);

  /// Null when there is none. Pointers stay valid as long as the registry.
  [[nodiscard]] const validator* find(std::string_view domain, std::string_view name, std::uint32_t version) const;
  [[nodiscard]] const entry* find_entry(std::string_view domain, std::string_view name, std::uint32_t version) const;
  /// The highest version of that name; null when there is none.
  [[nodiscard]] const entry* newest(std::string_view domain, std::string_view name) const;
  /// By domain, name and version.
  [[nodiscard]] const std::map<key, entry, std::less<>>& entries() const { return entries_; }

 private:
  [[nodiscard]] result<void> add(const embedded_schema& schema, const schema_loader& load);

  std::map<key, entry, std::less<>> entries_;
};

}  // namespace foldlog
