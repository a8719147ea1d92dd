#include <fmt/format.h>

#include <cstdio>

#include "projections/view_rows.h"
#include "schemas/json.h"
#include "tools/exit_status.h"
#include "tools/fold_commands.h"
#include "tools/log_tool.h"
#include "tools/store_folders.h"

namespace foldlog {

int dump(const dump_command& options) {
  auto rows =
      open_store({.folder = views_folder(options.views), .read_only = true, .expiring_prefix = {}, .expired = {}});
  if (!rows) return report(rows.error());
  const auto snapshot = (*rows)->snapshot();
  const auto views = stored_views(*snapshot);
  if (!views) return report(views.error());
  bool found = options.view.empty();
  for (const auto& view : *views) {
    if (!options.view.empty() && view.view != options.view) continue;
    found = true;
    std::string line;
    const auto visited = visit_rows(*snapshot, view.domain, view.view, [&](std::string_view key, std::string_view row) {
      line = R"({"view":")";
      line += view.view;
      line += R"(","key":)";
      json::append_string(line, key);
      line += R"(,"row":)";
      line += row;
      line += "}\n";
      return std::fwrite(line.data(), 1, line.size(), stdout) == line.size();
    });
    if (!visited) return report(visited.error());
  }
  std::fflush(stdout);
  return found ? exit_status::done
               : report_usage(fmt::format("{} holds no view {}", options.views.string(), options.view));
}

}  // namespace foldlog
