// foldlog schema check: today's schemas against published ones.
#include <fmt/format.h>

#include <map>

#include "core/http/client.h"
#include "schemas/compatibility.h"
#include "tools/exit_status.h"
#include "tools/log_tool.h"
#include "tools/schema_commands.h"
#include "tools/schema_files.h"

namespace foldlog {

namespace {

using schema_texts = std::map<std::string, std::string>;  // `bank/Deposit.v1.json`

result<schema_texts> read_registry(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  constexpr std::string_view path = "/v1/schemas";
  const auto authority = url.substr(scheme.size(), url.find('/', scheme.size()) - scheme.size());
  const auto colon = authority.rfind(':');
  const auto host = authority.substr(0, colon);
  const auto port = colon == std::string::npos ? 80 : std::atoi(authority.c_str() + colon + 1);
  auto server = http::client::connect(host, static_cast<std::uint16_t>(port));
  if (!server) return std::unexpected(server.error());
  const auto get = [&](std::string_view target) -> result<std::string> {
    auto answer = server->request("GET", target);
    if (!answer) return std::unexpected(answer.error());
    if (answer->status / 100 == 2) return std::move(answer->body);
    return fail(error_kind::unavailable, fmt::format("{}{} answered {}", scheme, authority, answer->status));
  };
  const auto list = get(path);
  if (!list) return std::unexpected(list.error());
  json::parser parser;
  const auto parsed = parser.parse(*list);
  const auto names = parsed ? parsed->find("schemas") : std::nullopt;
  if (!names) return fail(error_kind::invalid, url + " is no schema registry");
  schema_texts texts;
  for (const auto name : names->items()) {
    auto text = get(name.as_string());
    if (!text) return std::unexpected(text.error());
    if (name.as_string().size() > path.size() + 1)
      texts.emplace(name.as_string().substr(path.size() + 1), *std::move(text));
  }
  return texts;
}

result<schema_texts> read_schemas(const std::string& from) {
  return from.starts_with("http://") ? read_registry(from) : read_schema_folder(from);
}

schema_texts own_schemas(const domain_set& domains) {
  schema_texts texts;
  for (const auto& [key, entry] : domains.schemas().entries())
    texts.emplace(fmt::format("{}/{}.v{}.json", entry.domain, entry.name, entry.version), entry.text);
  return texts;
}

class check_run {
 public:
  check_run(const schema_check_command& options, bool json) : options_(options), json_(json) {}

  result<void> compare(const std::string& name, const std::string& published, const std::string& own) {
    json::parser left;
    json::parser right;
    for (const auto* text : {&published, &own}) {
      if (const auto rules = validator::compile(*text, {.load = [](std::string_view) { return "true"; }}); !rules)
        return fail(error_kind::invalid, fmt::format("{}: {}", name, rules.error().text));
    }
    const auto before = left.parse(published);
    const auto now = right.parse(own);
    if (options_.mode != "forward") tell(name, "backward", find_incompatibilities(*before, *now));
    if (options_.mode != "backward") tell(name, "forward", find_incompatibilities(*now, *before));
    return {};
  }
  void tell(const std::string& name, std::string_view direction, const std::vector<incompatibility>& all) {
    for (const auto& one : all) {
      ++count_;
      if (!json_) {
        fmt::print("{}: {}: not {} compatible: {}\n", name, one.pointer.empty() ? "the root" : one.pointer, direction,
                   one.detail);
        continue;
      }
      std::string line = fmt::format(R"({{"schema":"{}","direction":"{}","pointer":)", name, direction);
      json::append_string(line, one.pointer);
      line += R"(,"detail":)";
      json::append_string(line, one.detail);
      fmt::print("{}}}\n", line);
    }
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  const schema_check_command& options_;
  bool json_;
  std::size_t count_ = 0;
};

}  // namespace

int schema_check(const domain_set& domains, const schema_check_command& options, bool json) {
  const auto published = read_schemas(options.against);
  if (!published) return report(published.error());
  auto own = options.schemas.empty() ? result<schema_texts>(own_schemas(domains)) : read_schemas(options.schemas);
  if (!own) return report(own.error());
  check_run run(options, json);
  for (const auto& [name, text] : *published) {
    const auto found = own->find(name);
    if (found == own->end()) {
      run.tell(name, options.mode == "forward" ? "forward" : "backward", {{"", "the schema is gone"}});
    } else if (const auto compared = run.compare(name, text, found->second); !compared) {
      return report(compared.error());
    }
  }
  if (run.count() > 0) {
    fmt::print(stderr, "foldlog: {} incompatible change(s)\n", run.count());
    return exit_status::failed;
  }
  if (!json) fmt::print("{} published schema(s), no incompatible change ({})\n", published->size(), options.mode);
  return exit_status::done;
}

}  // namespace foldlog
