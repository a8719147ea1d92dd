#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "schemas/validator.h"

namespace foldlog {

/// The whole file; `not_found` with its name and the reason.
[[nodiscard]] result<std::string> read_file(const std::filesystem::path& path);

/// All `<domain>/<Name>.v<N>.json` of a folder, by that name. `invalid` for a file of another name that ends in .json.
[[nodiscard]] result<std::map<std::string, std::string>> read_schema_folder(const std::filesystem::path& folder);

/// Schemas by their addresses: `http://host:port/a.json` is `folder/host:port/a.json`; never anything outside the
/// folder.
[[nodiscard]] schema_loader load_from(const std::filesystem::path& folder);
/// The address of a file in that folder; empty for one that is not in it.
[[nodiscard]] std::string address_in(const std::filesystem::path& folder, const std::filesystem::path& file);

}  // namespace foldlog
