#include "tools/configuration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

#include "core/base/names.h"
#include "tools/edge_settings.h"
#include "tools/setting_values.h"

namespace foldlog {
namespace {

using problem = std::optional<std::string>;

problem check_log(const std::string& value) {
  if (value == "embedded") return std::nullopt;
  if (value.starts_with("kafka:") && value.size() > 6 && value.find(':', 6) != std::string::npos) return std::nullopt;
  return "is neither 'embedded' nor 'kafka:host:port,…'";
}

problem parse_roles(const std::string& value, node_roles& to) {
  auto roles = node_roles::parse(value);
  if (!roles) return roles.error().text;
  to = *roles;
  return std::nullopt;
}

problem check_advertised(const std::string& value) {
  listen_address ignored;
  return value.empty() ? std::nullopt : parse_address(value, ignored);
}

// `name=value`, several joined by ';'
problem parse_properties(const std::string& value, std::map<std::string, std::string>& to) {
  std::stringstream parts(value);
  for (std::string part; std::getline(parts, part, ';');) {
    const auto equals = part.find('=');
    if (equals == std::string::npos || equals == 0) return fmt::format("has '{}', which is no name=value", part);
    to[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return std::nullopt;
}

problem check_level(const std::string& value) {
  if (value == "debug" || value == "info" || value == "warning" || value == "error") return std::nullopt;
  return "is none of debug, info, warning, error";
}

std::string as_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  std::ostringstream out;
  if (const auto* number = node.as_integer())
    out << number->get();
  else if (const auto* truth = node.as_boolean())
    out << (truth->get() ? "true" : "false");
  else if (const auto* real = node.as_floating_point())
    out << real->get();
  else if (const auto* array = node.as_array()) {
    for (const auto& item : *array) out << (&item == &array->front() ? "" : ",") << as_text(item);
  }
  return out.str();
}

std::string to_key(std::string_view name) {
  std::string key(name);
  std::ranges::replace(key, '_', '-');
  return key;
}

std::string to_variable(const std::string& key) {
  std::string name = "FOLDLOG_";
  for (const char c : key) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return name;
}

const setting* find_setting(std::string_view key) {
  const auto found = std::ranges::find(all_settings(), key, &setting::key);
  return found == all_settings().end() ? nullptr : &*found;
}

struct mistakes {
  std::vector<std::string> lines;

  void apply(configuration& to, const setting& of, const std::string& value, std::string_view where) {
    if (const auto wrong = of.set(to, value))
      lines.push_back(fmt::format("{}: {} = '{}' {}", where, of.key, value, *wrong));
  }
};

void read_table(const toml::table& table, const std::string& before, configuration& to, mistakes& wrong,
                const std::string& where) {
  for (const auto& [name, node] : table) {
    const auto key = before + to_key(name.str());
    if (const auto* inner = node.as_table(); inner != nullptr && key == "kafka") {
      for (const auto& [setting_name, value] : *inner)
        to.kafka_settings[std::string(setting_name.str())] = as_text(value);
    } else if (inner != nullptr) {
      read_table(*inner, key + "-", to, wrong, where);
    } else if (const auto* known = find_setting(key)) {
      wrong.apply(to, *known, as_text(node), where);
    } else {
      wrong.lines.push_back(fmt::format("{}: {} is no setting", where, key));
    }
  }
}

}  // namespace

const std::vector<setting>& all_settings() {
  using text = const std::string&;
  static const std::vector<setting> settings{
      {"data", "the folder of everything that this node keeps",
       [](configuration& to, text v) -> problem {
         to.data = v;
         return v.empty() ? problem("is empty") : std::nullopt;
       }},
      {"log", "embedded, or kafka:host:port,…",
       [](configuration& to, text v) {
         to.log = v;
         return check_log(v);
       }},
      {"http", "address:port of the main listener (port 0: any)",
       [](configuration& to, text v) { return parse_address(v, to.http); }},
      {"admin", "address:port of the admin listener (port 0: any)",
       [](configuration& to, text v) { return parse_address(v, to.admin); }},
      {"roles", "command,query,front, or some of them (on Kafka)",
       [](configuration& to, text v) { return parse_roles(v, to.roles); }},
      {"cluster", "nodes of one name on one Kafka work together",
       [](configuration& to, text v) {
         to.cluster = v;
         return is_name(v) ? std::nullopt : problem("is no name ([a-z][a-z0-9_]{0,39})");
       }},
      {"advertise", "host:port at which other nodes find this one; default: that of http",
       [](configuration& to, text v) {
         to.advertise = v;
         return check_advertised(v);
       }},
      {"standby-replicas", "command nodes that fold a partition which another owns",
       [](configuration& to, text v) { return parse_integer<std::size_t>(v, 0, 100, to.standby_replicas); }},
      {"kafka-property", "name=value;… handed to librdkafka, as the table [kafka] of the file is",
       [](configuration& to, text v) { return parse_properties(v, to.kafka_settings); }},
      {"partitions", "of every topic, fixed when the log is created",
       [](configuration& to, text v) { return parse_integer<std::int32_t>(v, 1, 10'000, to.partitions.emplace()); }},
      {"replicas", "of every partition in Kafka",
       [](configuration& to, text v) { return parse_integer<std::int32_t>(v, 1, 100, to.replicas); }},
      {"domain", "folders of schemas, comma-separated: domains whose clients decide",
       [](configuration& to, text v) -> problem {
         to.domains.clear();
         for (std::string_view rest = v; !rest.empty();) {
           const auto end = std::min(rest.find(','), rest.size());
           to.domains.emplace_back(rest.substr(0, end));
           rest.remove_prefix(std::min(end + 1, rest.size()));
         }
         return to.domains.empty() ? problem("is empty") : std::nullopt;
       }},
      {"node", "this node's name",
       [](configuration& to, text v) -> problem {
         to.node = v;
         return v.size() > 200 ? problem("is longer than 200 bytes") : std::nullopt;
       }},
      {"log-level", "debug, info, warning or error",
       [](configuration& to, text v) {
         to.log_level = v;
         return check_level(v);
       }},
      {"idempotency-window", "how long a command id is remembered, in log time",
       [](configuration& to, text v) { return parse_seconds(v, to.idempotency_window); }},
      {"idempotency-commands", "for how many commands of its stream a command id is remembered",
       [](configuration& to, text v) {
         return parse_integer<std::uint64_t>(v, 1, 1'000'000'000, to.idempotency_commands);
       }},
      {"command-timeout", "after which a command is answered 503",
       [](configuration& to, text v) { return parse_seconds(v, to.command_timeout); }},
      {"drain-timeout", "how long commands under way may take after SIGTERM",
       [](configuration& to, text v) { return parse_seconds(v, to.drain_timeout); }},
  };
  static const auto all = [] {
    auto together = settings;
    add_edge_settings(together);
    return together;
  }();
  return all;
}

result<configuration> configure(const std::map<std::string, std::string>& flags,
                                const std::optional<std::filesystem::path>& file,
                                const std::function<const char*(const char*)>& environment) {
  configuration made;
  mistakes wrong;
  if (file) {
    try {
      read_table(toml::parse_file(file->string()), "", made, wrong, file->string());
    } catch (const toml::parse_error& failed) {
      const auto at = failed.source().begin;
      return fail(error_kind::invalid,
                  fmt::format("{}:{}:{}: {}", file->string(), at.line, at.column, failed.description()));
    }
  }
  for (const auto& one : all_settings()) {
    const auto variable = to_variable(one.key);
    if (const char* value = environment(variable.c_str())) wrong.apply(made, one, value, variable);
  }
  for (const auto& [key, value] : flags) {
    if (const auto* known = find_setting(key)) wrong.apply(made, *known, value, "--" + key);
  }
  if (wrong.lines.empty()) {
    if (auto edge = check_edge(made)) wrong.lines.push_back(std::move(*edge));
  }
  if (made.log == "embedded" && made.roles != configuration().roles) {
    wrong.lines.push_back(
        fmt::format("roles = '{}': the embedded log belongs to one process, which has all roles", made.roles.text()));
  }
  if (!wrong.lines.empty()) return fail(error_kind::invalid, fmt::format("{}", fmt::join(wrong.lines, "\n")));
  return made;
}

}  // namespace foldlog
