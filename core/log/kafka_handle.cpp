#include "core/log/kafka_handle.h"

#include <fmt/format.h>

#include <array>

#include "core/runtime/logging.h"

namespace foldlog {
namespace {

constexpr std::string_view scheme = "kafka:";
constexpr int syslog_critical = 2;

// librdkafka repeats itself for as long as a broker is away; what matters of it is in health(), once.
void write_log_line(const rd_kafka_t* handle, int severity, const char* facility, const char* text) {
  log(severity <= syslog_critical ? log_level::error : log_level::debug, "librdkafka",
      {{"client", rd_kafka_name(handle)}, {"facility", facility}, {"text", text}});
}

result<void> set(rd_kafka_conf_t* settings, const char* name, const char* value) {
  std::array<char, 512> reason{};
  if (rd_kafka_conf_set(settings, name, value, reason.data(), reason.size()) != RD_KAFKA_CONF_OK) {
    return fail(error_kind::invalid, fmt::format("librdkafka does not take {}={}: {}", name, value, reason.data()));
  }
  return {};
}

result<void> fill(rd_kafka_conf_t* settings, const log_options& options, const kafka_recipe& recipe) {
  auto brokers = kafka_brokers(options);
  if (!brokers) return std::unexpected(brokers.error());
  for (const auto& [name, value] : recipe.usual) {
    if (auto done = set(settings, name, value); !done) return done;
  }
  for (const auto& [name, value] : options.kafka_settings) {
    if (auto done = set(settings, name.c_str(), value.c_str()); !done) return done;
  }
  for (const auto& [name, value] : recipe.fixed) {
    if (auto done = set(settings, name, value); !done) return done;
  }
  return set(settings, "bootstrap.servers", brokers->c_str());
}

}  // namespace

result<std::string> kafka_brokers(const log_options& options) {
  const std::string_view location = options.location;
  if (!location.starts_with(scheme) || location.size() == scheme.size()) {
    return fail(error_kind::invalid, fmt::format("'{}' names no brokers: expected kafka:host:port,…", location));
  }
  return std::string(location.substr(scheme.size()));
}

result<kafka_handle> make_kafka_handle(const log_options& options, const kafka_recipe& recipe) {
  kafka_owned<rd_kafka_conf_t> settings(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(settings.get(), write_log_line);
  if (auto done = fill(settings.get(), options, recipe); !done) return std::unexpected(done.error());
  if (recipe.events != 0) rd_kafka_conf_set_events(settings.get(), recipe.events);
  if (recipe.on_new != nullptr) {
    rd_kafka_conf_interceptor_add_on_new(settings.get(), "foldlog", recipe.on_new, recipe.interceptor);
  }
  std::array<char, 512> reason{};
  rd_kafka_t* made = rd_kafka_new(recipe.type, settings.get(), reason.data(), reason.size());
  if (made == nullptr) return fail(error_kind::invalid, fmt::format("librdkafka: {}", reason.data()));
  [[maybe_unused]] const auto* taken = settings.release();  // by rd_kafka_new
  if (recipe.closes_group) return kafka_handle(made, rd_kafka_destroy);
  return kafka_handle(made, [](rd_kafka_t* of) { rd_kafka_destroy_flags(of, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); });
}

std::vector<kafka_owned<rd_kafka_topic_t>> make_kafka_topics(rd_kafka_t* handle, std::span<const std::string> names) {
  std::vector<kafka_owned<rd_kafka_topic_t>> topics;
  for (const auto& name : names) topics.emplace_back(rd_kafka_topic_new(handle, name.c_str(), nullptr));
  return topics;
}

std::vector<kafka_setting> kafka_consumer_settings() {
  return {{"enable.auto.commit", "false"},  {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "error"},   {"isolation.level", "read_uncommitted"},
          {"check.crcs", "true"},           {"allow.auto.create.topics", "false"},
          {"enable.partition.eof", "false"}};
}

}  // namespace foldlog
