#include "tools/schema_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/base/names.h"

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

result<std::map<std::string, std::string>> read_schema_folder(const fs::path& folder) {
  std::map<std::string, std::string> texts;
  std::error_code problem;
  for (fs::recursive_directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    if (at->is_directory() || at->path().extension() != ".json") continue;
    const auto name = fs::relative(at->path(), folder, problem).generic_string();
    const auto type = name.substr(0, name.size() - 5);  // without .json
    const auto slash = type.find('/');
    if (slash == std::string::npos || !event_type::parse(type.substr(0, slash) + '.' + type.substr(slash + 1)))
      return fail(error_kind::invalid, at->path().string() + ": not named <domain>/<Name>.v<N>.json");
    auto text = read_file(at->path());
    if (!text) return std::unexpected(text.error());
    texts.emplace(name, *std::move(text));
  }
  if (problem) return fail(error_kind::not_found, folder.string() + ": " + problem.message());
  if (texts.empty()) return fail(error_kind::not_found, folder.string() + " holds no <domain>/<Name>.v<N>.json");
  return texts;
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
