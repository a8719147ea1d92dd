#include "tools/application.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>

#include "core/log/kafka_topics.h"
#include "core/runtime/logging.h"
#include "tools/configuration.h"
#include "tools/domain_folder.h"
#include "tools/domain_set.h"
#include "tools/exit_status.h"
#include "tools/fold_commands.h"
#include "tools/log_tool.h"
#include "tools/migrate.h"
#include "tools/node.h"
#include "tools/schema_commands.h"
#include "tools/tail.h"

namespace foldlog {
namespace {

// The settings of one subcommand as flags, gathered as text: configure() gives them their meaning.
struct setting_flags {
  std::map<std::string, std::string> given;
  std::string file;

  void add(CLI::App& to, std::initializer_list<std::string_view> only = {}) {
    for (const auto& one : all_settings()) {
      if (only.size() > 0 && std::ranges::find(only, one.key) == only.end()) continue;
      to.add_option_function<std::string>(
          "--" + one.key, [this, key = one.key](const std::string& value) { given[key] = value; }, one.help);
    }
    to.add_option("--config", file, "a TOML file with any of these keys");
  }
  [[nodiscard]] result<configuration> read() const {
    auto path = file.empty() ? std::optional<std::filesystem::path>() : std::filesystem::path(file);
    if (const char* named = std::getenv("FOLDLOG_CONFIG"); !path && named != nullptr) path = named;
    return configure(given, path, [](const char* name) { return std::getenv(name); });
  }
};

int run_serve(const configuration& with, const domain_set& domains) {
  using enum log_level;
  set_log_level(with.log_level == "debug"     ? debug
                : with.log_level == "info"    ? info
                : with.log_level == "warning" ? warning
                                              : error);
  const auto served = serve(with, domains);
  if (served) return exit_status::done;
  fmt::print(stderr, "foldlog: {}\n", served.error().text);
  return exit_status::failed;
}

log_options topic_options(const configuration& with, const domain_set& domains) {
  return {.location = with.log,
          .data = with.data,
          .topics = domains.topics(),
          .partitions = with.partitions.value_or(8),
          .replicas = with.replicas,
          .probe = {},
          .kafka_settings = with.kafka_settings};
}

int run_topics(const configuration& with, const domain_set& domains, bool create) {
  if (!with.log.starts_with("kafka:")) return report_usage("topics are Kafka's: --log kafka:host:port,…");
  const auto options = topic_options(with, domains);
  if (create) {
    const auto made = create_topics(options);
    if (!made) return report(made.error());
    for (const auto& topic : *made) fmt::print("created {}\n", topic);
  }
  const auto differences = check_topics(options);
  if (!differences) return report(differences.error());
  for (const auto& one : *differences) fmt::print(stderr, "foldlog: {}\n", one.text());
  if (differences->empty()) fmt::print("{} topic(s) as they must be\n", options.topics.size());
  return differences->empty() ? exit_status::done : create ? exit_status::failed : exit_status::damage;
}

// The whole command line: which command was given, and its words.
struct command_line {
  CLI::App app{"foldlog: an event-sourced CQRS engine", "foldlog"};
  setting_flags flags;
  replay_command replaying;
  verify_command verifying;
  dump_command dumping;
  tail_options tailing;
  schema_validate_command validating;
  schema_check_command checking;
  migrate_command migrating;
  bool json = false;
  std::map<std::string, std::function<int(const configuration&, const domain_set&)>> commands;

  command_line() {
    app.require_subcommand(1);
    auto& serve =
        add("serve", "run a node", [](const auto& with, const auto& domains) { return run_serve(with, domains); });
    flags.add(serve);
    auto& replay =
        add("replay", "fold all views from offset zero into a folder", [this](const auto& with, const auto& domains) {
          replaying.json = json;
          return replay_views(with, domains, replaying);
        });
    flags.add(replay, {"log", "data", "kafka-property"});
    replay.add_option("--into", replaying.into, "an empty or absent folder")->required();
    replay.add_option("--domain", replaying.domain, "only this domain's views");
    replay.add_option("--threads", replaying.threads, "default: one per core")->check(CLI::Range(1, 256));
    replay.add_option("--to", replaying.to, "a token: fold up to and with it");
    auto& tail = add("tail", "print a topic's events as JSON lines",
                     [this](const auto& with, const auto& domains) { return foldlog::tail(with, domains, tailing); });
    flags.add(tail, {"log", "data", "domain", "kafka-property"});
    tail.add_option("topic", tailing.topic, "such as bank.account")->required();
    tail.add_option("--from", tailing.from, "beginning, end, or a token: what comes after it");
    tail.add_flag("--follow", tailing.follow, "wait for more");
    tail.add_flag("--all", tailing.all, "every record, with its verdict");
    tail.add_flag("--upcast", tailing.upcast, "events in the newest version of their type");
    auto& verify = add("verify", "read the whole log and check it, and a view store against it",
                       [this](const auto& with, const auto& domains) {
                         verifying.json = json;
                         return foldlog::verify(with, domains, verifying);
                       });
    flags.add(verify, {"log", "data", "domain", "idempotency-window", "idempotency-commands", "kafka-property"});
    verify.add_option("--views", verifying.views, "a server's data folder, or one made by replay");
    auto& dump = add("dump", "print a view store's rows as JSON lines",
                     [this](const auto&, const auto&) { return foldlog::dump(dumping); });
    dump.add_option("--views", dumping.views, "a server's data folder, or one made by replay")->required();
    dump.add_option("--view", dumping.view, "only this view");
    auto& migrate = add("migrate", "copy an embedded log into Kafka topics, records at their offsets",
                        [this](const auto& with, const auto&) {
                          migrating.json = json;
                          return foldlog::migrate(with, migrating);
                        });
    flags.add(migrate, {"replicas", "kafka-property"});
    migrate.add_option("--from", migrating.from, "embedded:DIR, with no server on it")->required();
    migrate.add_option("--to", migrating.to, "kafka:host:port,…: its topics are empty or not there yet")->required();
    auto& topics = *app.add_subcommand("topics", "the event topics in Kafka");
    topics.require_subcommand(1);
    for (const bool create : {true, false}) {
      auto& one = *topics.add_subcommand(create ? "create" : "check",
                                         create ? "create them with their settings" : "compare their settings");
      flags.add(one, {"log", "data", "domain", "partitions", "replicas", "kafka-property"});
      one.add_flag("--json", json, "for machines");
      commands[create ? "topics create" : "topics check"] = [create](const auto& with, const auto& domains) {
        return run_topics(with, domains, create);
      };
    }
    add_schema_commands();
  }

  void add_schema_commands() {
    auto& schema = *app.add_subcommand("schema", "JSON Schemas (2020-12)");
    schema.require_subcommand(1);
    auto& validate = *schema.add_subcommand("validate", "check instances: files, or JSON lines on stdin");
    validate.add_flag("--json", json, "for machines");
    validate.add_option("--schema", validating.schema, "the schema's file")->required();
    validate.add_option("--schema-dir", validating.folder, "http://host:port/a.json is DIR/host:port/a.json");
    validate.add_flag("--assert-formats", validating.assert_formats, "`format` is a rule, no annotation");
    validate.add_flag("--strict", validating.strict, "an unknown keyword is an error unless it begins with x-");
    validate.add_flag("--locations", validating.locations, "say where in the schema each broken rule stands");
    validate.add_option("FILE", validating.instances, "instances");
    auto& check = *schema.add_subcommand("check", "compare schemas with published ones");
    check.add_flag("--json", json, "for machines");
    check.add_option("--against", checking.against, "a folder <domain>/<Name>.v<N>.json, or http://host:port")
        ->required();
    check.add_option("--schemas", checking.schemas, "the same; default: the schemas of this program");
    check.add_option("--mode", checking.mode, "backward, forward or full (default)")
        ->check(CLI::IsMember({"backward", "forward", "full"}));
    commands["schema check"] = [this](const auto&, const auto& domains) {
      return schema_check(domains, checking, json);
    };
    commands["schema validate"] = [this](const auto&, const auto&) { return schema_validate(validating); };
  }

  template <typename Run>
  CLI::App& add(const std::string& name, const std::string& help, Run run) {
    auto& made = *app.add_subcommand(name, help);
    made.add_flag("--json", json, "for machines");
    commands[name] = std::move(run);
    return made;
  }

  [[nodiscard]] std::string chosen() const {
    const auto* one = app.get_subcommands().front();
    const auto below = one->get_subcommands();
    return below.empty() ? one->get_name() : one->get_name() + ' ' + below.front()->get_name();
  }
};

}  // namespace

int application::run(int argc, const char* const* argv) {
  domain_set domains;
  for (auto& one : domains_) {
    if (auto added = domains.add(one); !added) return report(added.error());
  }
  command_line line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return line.app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    line.app.exit(wrong);
    return exit_status::wrong_usage;
  }
  const auto with = line.flags.read();
  if (!with) return report_usage(with.error().text);
  for (const auto& folder : with->domains) {
    auto one = read_domain_folder(folder);
    if (!one) return report(one.error());
    if (auto added = domains.add(*std::move(one)); !added) return report(added.error());
  }
  return line.commands.at(line.chosen())(*with, domains);
}

}  // namespace foldlog
