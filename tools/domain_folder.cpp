#include "tools/domain_folder.h"

#include <algorithm>
#include <deque>

#include "core/base/names.h"
#include "tools/schema_files.h"

namespace foldlog {

namespace fs = std::filesystem;

namespace {

struct schema_text {
  event_type type;
  std::string text;
};
using schema_texts = std::deque<schema_text>;

result<std::vector<fs::path>> list(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
    if (!at->path().filename().string().starts_with('.')) paths.push_back(at->path());
  if (problem) return fail(error_kind::not_found, folder.string() + ": " + problem.message());
  std::ranges::sort(paths);
  return paths;
}

result<void> read_schema(const fs::path& file, const std::string& domain, schema_texts& into) {
  auto type = event_type::parse(domain + '.' + file.stem().string());
  if (file.extension() != ".json" || !type)
    return fail(error_kind::invalid, file.string() + ": not named <Name>.v<N>.json");
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  into.push_back({*std::move(type), *std::move(text)});
  return {};
}

}  // namespace

result<domain> read_domain_folder(const fs::path& folder) {
  const auto name = fs::absolute(folder / "x").lexically_normal().parent_path().filename().string();
  if (!is_name(name)) return fail(error_kind::invalid, folder.string() + ": '" + name + "' is no name of a domain");
  const auto entries = list(folder);
  if (!entries) return std::unexpected(entries.error());
  domain made(name);
  auto texts = std::make_shared<schema_texts>();
  for (const auto& entry : *entries) {
    if (!fs::is_directory(entry)) {
      if (auto read = read_schema(entry, name, *texts); !read) return std::unexpected(read.error());
      continue;
    }
    const auto files = list(entry);
    if (!files) return std::unexpected(files.error());
    std::vector<std::string> types;
    for (const auto& file : *files) {
      if (auto read = read_schema(file, name, *texts); !read) return std::unexpected(read.error());
      types.push_back(texts->back().type.text());
    }
    if (types.empty()) return fail(error_kind::invalid, entry.string() + " holds no <Event>.v<N>.json");
    made.with_events_of(entry.filename().string(), std::move(types));
  }
  if (made.categories().empty())
    return fail(error_kind::invalid, folder.string() + " holds no folder of events: <category>/<Event>.v<N>.json");
  std::vector<embedded_schema> schemas;
  for (const auto& one : *texts)
    schemas.push_back({one.type.domain, one.type.event, one.type.schema_version, one.text});
  made.with_schemas(schemas).keep(std::move(texts));
  return made;
}

}  // namespace foldlog
