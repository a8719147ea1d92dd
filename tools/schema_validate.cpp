#include <fmt/format.h>

#include <iostream>

#include "schemas/json.h"
#include "tools/exit_status.h"
#include "tools/log_tool.h"
#include "tools/schema_commands.h"
#include "tools/schema_files.h"

namespace foldlog {

namespace {

/// Prints the line of one instance. Something that is no JSON is invalid by the keyword `json`.
bool print_verdict(const validator& rules, json::parser& parser, std::string_view text, bool locations) {
  const auto instance = parser.parse(text);
  const auto found = instance
                         ? rules.validate(*instance)
                         : std::vector<violation>{{.pointer = "", .keyword = "json", .detail = instance.error().text}};
  std::string line = found.empty() ? "valid" : "";
  if (!found.empty()) append_violations(line, found, locations);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
  return found.empty();
}

}  // namespace

int schema_validate(const schema_validate_command& options) {
  const auto text = read_file(options.schema);
  if (!text) return report_usage(text.error().text);
  schema_options how{.strict = options.strict, .assert_formats = options.assert_formats};
  if (!options.folder.empty()) {
    how.uri = address_in(options.folder, options.schema);
    how.load = load_from(options.folder);
  }
  const auto rules = validator::compile(*text, std::move(how));
  if (!rules) return report_usage(fmt::format("{}: {}", options.schema.string(), rules.error().text));
  json::parser parser;
  bool all_valid = true;
  if (options.instances.empty()) {
    for (std::string line; std::getline(std::cin, line);) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      all_valid = print_verdict(*rules, parser, line, options.locations) && all_valid;
    }
  }
  for (const auto& path : options.instances) {
    const auto instance = read_file(path);
    if (!instance) return report(instance.error());
    all_valid = print_verdict(*rules, parser, *instance, options.locations) && all_valid;
  }
  std::fflush(stdout);
  return all_valid ? exit_status::done : exit_status::failed;
}

}  // namespace foldlog
