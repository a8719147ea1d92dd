#pragma once

#include <filesystem>
#include <string>

namespace foldlog {

/// A folder that goes with this object.
class scratch_folder {
 public:
  explicit scratch_folder(const std::string& purpose) {
    auto pattern = (std::filesystem::temp_directory_path() / ("foldlog-" + purpose + "-XXXXXX")).string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~scratch_folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }  ///< empty when none could be made

 private:
  std::filesystem::path path_;
};

}  // namespace foldlog
