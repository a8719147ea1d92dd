#include "core/log/kafka_admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

namespace foldlog {
namespace {

constexpr int request_ms = 3000;
constexpr std::chrono::milliseconds passing_patience{2000};

kafka_recipe admin_recipe() {
  kafka_recipe recipe;
  recipe.type = RD_KAFKA_CONSUMER;
  recipe.usual = {
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "500"},
      {"fetch.wait.max.ms", "10"},
      {"fetch.error.backoff.ms", "50"},
      {"queued.min.messages", "100000"},
      {"topic.metadata.refresh.fast.interval.ms", "100"},
      {"fetch.message.max.bytes", "262144"},
      {"socket.nagle.disable", "true"},
      {"topic.metadata.propagation.max.ms", "10000"},  // a fetch of a topic that a broker has not heard of waits
      {"socket.connection.setup.timeout.ms", "5000"}};
  recipe.fixed = kafka_consumer_settings();
  recipe.events = RD_KAFKA_EVENT_ERROR;
  return recipe;
}

error unavailable(std::string_view what, rd_kafka_resp_err_t code) {
  return {error_kind::unavailable, fmt::format("Kafka: {}: {}", what, rd_kafka_err2str(code))};
}

// A partition that was just created or moved: its broker has not heard of it yet.
bool is_passing(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

kafka_topic_view view_of(const rd_kafka_metadata_topic_t& topic) {
  kafka_topic_view view{topic.topic, topic.err == RD_KAFKA_RESP_ERR_NO_ERROR, {}};
  for (int n = 0; n < topic.partition_cnt; ++n) {
    const auto& partition = topic.partitions[n];
    view.partitions.push_back({partition.id, partition.leader >= 0, static_cast<std::size_t>(partition.replica_cnt),
                               static_cast<std::size_t>(partition.isr_cnt)});
  }
  return view;
}

// Runs one admin request and gives its result event.
using admin_event = kafka_owned<rd_kafka_event_t>;

template <typename Request>
result<admin_event> ask(rd_kafka_t* handle, rd_kafka_admin_op_t operation, std::string_view what, Request&& request) {
  const kafka_owned<rd_kafka_queue_t> answers(rd_kafka_queue_new(handle));
  const kafka_owned<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(handle, operation));
  std::array<char, 256> reason{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), request_ms, reason.data(), reason.size());
  request(options.get(), answers.get());
  admin_event event(rd_kafka_queue_poll(answers.get(), request_ms + 1000));
  if (!event) return std::unexpected(unavailable(what, RD_KAFKA_RESP_ERR__TIMED_OUT));
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail(error_kind::unavailable, fmt::format("Kafka: {}: {}", what, rd_kafka_event_error_string(event.get())));
  }
  return event;
}

using settings_map = std::map<std::string, std::string>;

settings_map settings_of(const rd_kafka_ConfigResource_t* resource) {
  settings_map settings;
  std::size_t count = 0;
  const auto* const* entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t n = 0; n < count; ++n) {
    const char* value = rd_kafka_ConfigEntry_value(entries[n]);
    settings[rd_kafka_ConfigEntry_name(entries[n])] = value == nullptr ? "" : value;
  }
  return settings;
}

result<std::map<std::string, settings_map>> describe(rd_kafka_t* handle, const std::vector<std::string>& topics) {
  std::vector<kafka_owned<rd_kafka_ConfigResource_t>> resources;
  std::vector<rd_kafka_ConfigResource_t*> raw_resources;
  for (const auto& topic : topics) {
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    raw_resources.push_back(resources.back().get());
  }
  auto event =
      ask(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, "asking for topic settings", [&](auto* options, auto* queue) {
        rd_kafka_DescribeConfigs(handle, raw_resources.data(), raw_resources.size(), options, queue);
      });
  if (!event) return std::unexpected(event.error());
  std::map<std::string, settings_map> found;
  std::size_t count = 0;
  const auto* const* described =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  for (std::size_t n = 0; n < count; ++n) {
    if (const auto code = rd_kafka_ConfigResource_error(described[n]); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::unexpected(unavailable(rd_kafka_ConfigResource_name(described[n]), code));
    }
    found[rd_kafka_ConfigResource_name(described[n])] = settings_of(described[n]);
  }
  return found;
}

void compare_settings(const log_options& options, std::span<const kafka_setting> settings, const std::string& topic,
                      const settings_map& found, std::vector<topic_difference>& differences) {
  const auto value = [&](const char* name) {
    const auto at = found.find(name);
    return at == found.end() ? std::string("unknown") : at->second;
  };
  for (const auto& [name, wanted] : settings) {
    if (value(name) != wanted) differences.push_back({topic, name, value(name), wanted});
  }
  const auto wanted = min_insync_of(options.replicas);
  const auto insync = value("min.insync.replicas");
  if (std::atoi(insync.c_str()) < wanted) {
    differences.push_back({topic, "min.insync.replicas", insync, fmt::format("{} or more", wanted)});
  }
}

void compare_layout(const log_options& options, const kafka_topic_view& topic, std::int32_t partitions,
                    std::vector<topic_difference>& differences) {
  const auto count = static_cast<std::int32_t>(topic.partitions.size());
  if (partitions != 0 && count != partitions) {
    differences.push_back({topic.name, "partitions", std::to_string(count), std::to_string(partitions)});
  }
  const auto fewest = std::ranges::min_element(topic.partitions, {}, &kafka_partition_view::replicas);
  if (fewest != topic.partitions.end() && std::cmp_less(fewest->replicas, options.replicas)) {
    differences.push_back(
        {topic.name, "replicas", std::to_string(fewest->replicas), fmt::format("{} or more", options.replicas)});
  }
}

kafka_owned<rd_kafka_NewTopic_t> new_topic(const log_options& options, std::span<const kafka_setting> settings,
                                           const std::string& name) {
  std::array<char, 256> reason{};
  kafka_owned<rd_kafka_NewTopic_t> topic(
      rd_kafka_NewTopic_new(name.c_str(), options.partitions, options.replicas, reason.data(), reason.size()));
  if (!topic) return topic;
  for (const auto& [setting, value] : settings) rd_kafka_NewTopic_set_config(topic.get(), setting, value);
  const auto insync = std::to_string(min_insync_of(options.replicas));
  rd_kafka_NewTopic_set_config(topic.get(), "min.insync.replicas", insync.c_str());
  return topic;
}

result<void> check_created(rd_kafka_event_t* event) {
  std::size_t count = 0;
  const auto* const* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto code = rd_kafka_topic_result_error(results[n]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const char* text = rd_kafka_topic_result_error_string(results[n]);
    const auto kind =
        code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR ? error_kind::conflict : error_kind::unavailable;
    return fail(kind, fmt::format("Kafka did not create {}: {}", rd_kafka_topic_result_name(results[n]),
                                  text != nullptr ? text : rd_kafka_err2str(code)));
  }
  return {};
}

}  // namespace

std::span<const kafka_setting> kafka_event_topic() {
  static constexpr std::array<kafka_setting, 4> settings{{{"cleanup.policy", "delete"},
                                                          {"retention.ms", "-1"},
                                                          {"retention.bytes", "-1"},
                                                          {"unclean.leader.election.enable", "false"}}};
  return settings;
}

std::span<const kafka_setting> kafka_board_topic() {
  static constexpr std::array<kafka_setting, 2> settings{
      {{"cleanup.policy", "compact"}, {"unclean.leader.election.enable", "false"}}};
  return settings;
}

result<kafka_admin> kafka_admin::make(const log_options& options, std::span<const kafka_setting> settings) {
  auto handle = make_kafka_handle(options, admin_recipe());
  if (!handle) return std::unexpected(handle.error());
  kafka_admin made;
  made.settings = settings;
  made.handle = std::move(*handle);
  made.topics = make_kafka_topics(made.handle.get(), options.topics);
  return made;
}

// What the connections' errors say. That all brokers are down says nothing more.
std::string kafka_admin::connection_trouble() const {
  const kafka_owned<rd_kafka_queue_t> queue(rd_kafka_queue_get_main(handle.get()));
  while (const kafka_owned<rd_kafka_event_t> event{rd_kafka_queue_poll(queue.get(), 0)}) {
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR &&
        rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      trouble_ = rd_kafka_event_error_string(event.get());
    }
  }
  return trouble_;
}

result<kafka_cluster_view> kafka_admin::look(const log_options& options, std::chrono::milliseconds patience) const {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(handle.get(), 0, nullptr, &metadata, static_cast<int>(patience.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    auto why = unavailable(fmt::format("no broker of {} answers", options.location), code);
    if (const auto trouble = connection_trouble(); !trouble.empty()) why.text += fmt::format(" ({})", trouble);
    return std::unexpected(std::move(why));
  }
  [[maybe_unused]] const auto passed = connection_trouble();
  trouble_.clear();
  const kafka_owned<const rd_kafka_metadata_t> owned(metadata);
  kafka_cluster_view view;
  view.brokers = static_cast<std::size_t>(metadata->broker_cnt);
  for (const auto& name : options.topics) {
    const rd_kafka_metadata_topic* const begin = metadata->topics;
    const auto* const end = begin + metadata->topic_cnt;
    const auto* const found = std::find_if(begin, end, [&](const auto& topic) { return name == topic.topic; });
    view.topics.push_back(found == end ? kafka_topic_view{name, false, {}} : view_of(*found));
  }
  return view;
}

result<std::vector<std::string>> kafka_admin::create_missing(const log_options& options,
                                                             const kafka_cluster_view& seen) const {
  std::vector<kafka_owned<rd_kafka_NewTopic_t>> wanted;
  std::vector<rd_kafka_NewTopic_t*> raw_topics;
  std::vector<std::string> names;
  for (const auto& topic : seen.topics) {
    if (!topic.exists) names.push_back(topic.name);
  }
  if (names.empty()) return names;
  if (options.partitions <= 0) {
    return fail(error_kind::invalid, fmt::format("{} does not exist, and partitions = {} does not say how to create it",
                                                 names.front(), options.partitions));
  }
  if (std::cmp_less(seen.brokers, options.replicas)) {
    return fail(error_kind::conflict, fmt::format("replicas = {}, and {} has {} broker(s): {} cannot be created",
                                                  options.replicas, options.location, seen.brokers, names.front()));
  }
  for (const auto& name : names) {
    wanted.push_back(new_topic(options, settings, name));
    if (!wanted.back()) return fail(error_kind::invalid, fmt::format("Kafka takes no topic '{}'", name));
    raw_topics.push_back(wanted.back().get());
  }
  auto event = ask(handle.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, "creating topics", [&](auto* settings, auto* queue) {
    rd_kafka_CreateTopics(handle.get(), raw_topics.data(), raw_topics.size(), settings, queue);
  });
  if (!event) return std::unexpected(event.error());
  if (auto created = check_created(event->get()); !created) return std::unexpected(created.error());
  return names;
}

result<kafka_cluster_view> kafka_admin::wait_for_leaders(const log_options& options,
                                                         std::chrono::milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto seen = look(options, std::chrono::milliseconds(2000));
    if (!seen) return seen;
    const bool led = std::ranges::all_of(seen->topics, [](const auto& topic) {
      return topic.exists && std::ranges::all_of(topic.partitions, &kafka_partition_view::has_leader);
    });
    if (led) return seen;
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(error_kind::unavailable, fmt::format("some partitions of {} have no leader", options.location));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

result<std::vector<topic_difference>> kafka_admin::compare(const log_options& options,
                                                           const kafka_cluster_view& seen) const {
  std::vector<topic_difference> differences;
  std::vector<std::string> existing;
  auto partitions = options.partitions;
  for (const auto& topic : seen.topics) {
    if (!topic.exists) {
      differences.push_back({topic.name, "topic", "missing", fmt::format("{} partitions", partitions)});
      continue;
    }
    existing.push_back(topic.name);
    if (partitions == 0) partitions = static_cast<std::int32_t>(topic.partitions.size());  // as the first has it
    compare_layout(options, topic, partitions, differences);
  }
  if (existing.empty()) return differences;
  auto described = describe(handle.get(), existing);
  // A broker may not have heard yet of a topic that another one has just listed.
  const auto deadline = std::chrono::steady_clock::now() + passing_patience;
  while (!described && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    described = describe(handle.get(), existing);
  }
  if (!described) return std::unexpected(described.error());
  for (const auto& [topic, settings] : *described)
    compare_settings(options, this->settings, topic, settings, differences);
  return differences;
}

// Asked as "the offset at the time -1 or -2": rd_kafka_query_watermark_offsets() of librdkafka 2.0.2 looks at its
// time-out only while it finds the leader, and waits for ever when that leader dies before it answers.
result<offset_t> kafka_admin::ask_offset(const std::string& topic, std::int32_t partition, std::int64_t which,
                                         std::chrono::milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto attempt = std::min<std::chrono::milliseconds>(patience, std::chrono::seconds(1));
  while (true) {
    const std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)> asked(
        rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
    auto* one = rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), partition);
    one->offset = which;
    auto code = rd_kafka_offsets_for_times(handle.get(), asked.get(), static_cast<int>(attempt.count()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = one->err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && one->offset >= 0) return offset_t{one->offset};
    const bool again = is_passing(code) || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
                       code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__IN_PROGRESS;
    if (!again || std::chrono::steady_clock::now() > deadline) {
      return std::unexpected(unavailable(fmt::format("asking for the offsets of {}/{}", topic, partition), code));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

result<kafka_admin::bounds> kafka_admin::bounds_of(const std::string& topic, std::int32_t partition,
                                                   std::chrono::milliseconds patience) const {
  const auto low = ask_offset(topic, partition, RD_KAFKA_OFFSET_BEGINNING, patience);
  if (!low) return std::unexpected(low.error());
  const auto high = end_of(topic, partition, patience);
  if (!high) return std::unexpected(high.error());
  return bounds{*low, *high};
}

result<offset_t> kafka_admin::end_of(const std::string& topic, std::int32_t partition,
                                     std::chrono::milliseconds patience) const {
  return ask_offset(topic, partition, RD_KAFKA_OFFSET_END, patience);
}

}  // namespace foldlog
