#pragma once

#include <filesystem>

namespace foldlog {

/// What a data folder holds beside the embedded log.
[[nodiscard]] inline std::filesystem::path views_folder(const std::filesystem::path& data) { return data / "views"; }
[[nodiscard]] inline std::filesystem::path write_model_folder(const std::filesystem::path& data) {
  return data / "write_model";
}

}  // namespace foldlog
