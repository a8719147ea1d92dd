#include "tools/node_parts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/base/names.h"
#include "core/log/open_log.h"

namespace foldlog {

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("node");
}

log_options log_options_of(const configuration& with, const domain_set& domains, node_metrics& metrics) {
  return {.location = with.log,
          .data = with.data,
          .topics = domains.topics(),
          .partitions = with.partitions.value_or(8),
          .replicas = with.replicas,
          .probe = metrics.probe(),
          .kafka_settings = with.kafka_settings};
}

result<std::unique_ptr<event_log>> open_node_log(const configuration& with, const domain_set& domains,
                                                 node_metrics& metrics, const boost::asio::any_io_executor& executor) {
  auto options = log_options_of(with, domains, metrics);
  auto opened = open_log(options, executor);
  if (opened || with.partitions || opened.error().kind != error_kind::conflict) return opened;
  options.partitions = 0;  // nobody asked for a count: the recorded one will do
  auto as_recorded = open_log(options, executor);
  return as_recorded ? std::move(as_recorded) : std::move(opened);
}

owner_options make_owner_options(const configuration& with, std::size_t partitions) {
  owner_options options;
  options.hot_bytes = std::max<std::size_t>((128U << 20) / std::max<std::size_t>(partitions, 1), 1U << 20);
  options.window_age = with.idempotency_window;
  options.window_commands = with.idempotency_commands;
  return options;
}

event_check make_event_check(const schema_registry& schemas) {
  return [&schemas, known = std::map<std::string, const validator*, std::less<>>()](
             std::string_view type, json::element data) mutable -> result<void> {
    auto found = known.find(type);
    if (found == known.end()) {
      const auto parsed = event_type::parse(type);
      const auto* schema = parsed ? schemas.find(parsed->domain, parsed->event, parsed->schema_version) : nullptr;
      found = known.emplace(type, schema).first;
    }
    if (found->second == nullptr || found->second->is_valid(data)) return {};
    const auto broken = found->second->validate(data).front();
    return fail(error_kind::internal,
                fmt::format("the decider made a {} that breaks {} at '{}'", type, broken.keyword, broken.pointer));
  };
}

}  // namespace foldlog
