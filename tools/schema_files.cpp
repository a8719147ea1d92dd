#include "tools/schema_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace foldlog {

namespace fs = std::filesystem;

result<std::string> read_file(const fs::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file && !fs::is_directory(path)) return text;
  const std::string reason = fs::is_directory(path) ? "is a folder" : std::strerror(errno != 0 ? errno : EIO);
  return fail(error_kind::not_found, path.string() + ": " + reason);
}

schema_loader load_from(const fs::path& folder) {
  return [folder](std::string_view uri) -> std::optional<std::string> {
    const auto behind_scheme = uri.find("://");
    if (behind_scheme == std::string_view::npos || !uri.starts_with("http")) return std::nullopt;
    const fs::path path(uri.substr(behind_scheme + 3));
    if (path.is_absolute() || std::ranges::find(path, "..") != path.end()) return std::nullopt;
    auto text = read_file(folder / path);
    return text ? std::optional(*std::move(text)) : std::nullopt;
  };
}

std::string address_in(const fs::path& folder, const fs::path& file) {
  std::error_code problem;
  const auto inside = fs::relative(file, folder, problem).generic_string();
  return problem || inside.empty() || inside.starts_with("..") ? "" : "http://" + inside;
}

}  // namespace foldlog
