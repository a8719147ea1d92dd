#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/cluster/announcement.h"
#include "core/http/server.h"

namespace foldlog {

struct listen_address {
  std::string host;
  std::uint16_t port = 0;  ///< 0: the system chooses
};

/// A route that is to be left: `GET /v1/views/{domain}/{view} 2026-12-01 2027-06-01`.
struct deprecated_route {
  std::string method;
  std::string pattern;
  std::int64_t since = 0;              ///< unix seconds
  std::optional<std::int64_t> sunset;  ///< unix seconds
};

/// What `serve` can be told; the tools that read a log share `data` and `log`.
struct configuration {
  std::filesystem::path data = "./data";  ///< the folder of everything that this node keeps
  std::string log = "embedded";           ///< `embedded` or `kafka:host:port,…`
  listen_address http{"127.0.0.1", 8080};
  listen_address admin{"127.0.0.1", 8081};
  node_roles roles{.command = true, .query = true, .front = true};
  std::string cluster = "main";            ///< nodes of one name on one Kafka work together
  std::string advertise;                   ///< `host:port` at which other nodes find this one; empty: that of http
  std::size_t standby_replicas = 1;        ///< command nodes that fold a partition which another owns
  std::optional<std::int32_t> partitions;  ///< none: as recorded, 8 for a new log
  std::int32_t replicas = 3;
  std::vector<std::filesystem::path> domains;  ///< folders of schemas that are domains, too (tools/domain_folder.h)
  std::string node;                            ///< this node's name; the machine's when empty
  std::string log_level = "info";
  std::chrono::seconds idempotency_window = std::chrono::days(7);  ///< of log time
  std::uint64_t idempotency_commands = 100'000;                    ///< of one stream
  std::chrono::seconds command_timeout{10};
  std::chrono::seconds drain_timeout{10};             ///< after SIGTERM
  std::optional<listen_address> https;                ///< none: no TLS listener
  http::tls_files tls;                                ///< of the TLS listener
  http::server_options edge;                          ///< limits and time-outs of both; the addresses stand above
  std::size_t batch_commands = 500;                   ///< of one POST
  std::vector<deprecated_route> deprecated_routes;    ///< their answers say so
  bool access_log = false;                            ///< a line on stderr for each answer
  std::map<std::string, std::string> kafka_settings;  ///< handed to librdkafka; in TOML the table `kafka`
};

/// One setting: as a flag `--key value`, in the environment `FOLDLOG_KEY`, in the TOML file `key` (dashes are
/// underscores there; a table joins its name and its keys: `[idempotency] window`).
struct setting {
  std::string key;  ///< with dashes
  std::string help;
  std::function<std::optional<std::string>(configuration&, const std::string& value)> set;  ///< gives what is wrong
};
[[nodiscard]] const std::vector<setting>& all_settings();

/// Default < file < environment < flags. The error lists every mistake: where, key, value, reason.
[[nodiscard]] result<configuration> configure(const std::map<std::string, std::string>& flags,
                                              const std::optional<std::filesystem::path>& file,
                                              const std::function<const char*(const char*)>& environment);

}  // namespace foldlog
