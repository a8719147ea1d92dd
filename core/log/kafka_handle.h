#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/log/log_options.h"

// What owns librdkafka's objects. Internal to core/log: nothing else includes librdkafka.
namespace foldlog {

using kafka_handle = std::shared_ptr<rd_kafka_t>;

struct kafka_deleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_conf_t* settings) const { rd_kafka_conf_destroy(settings); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_ConfigResource_t* resource) const { rd_kafka_ConfigResource_destroy(resource); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
template <typename T>
using kafka_owned = std::unique_ptr<T, kafka_deleter>;

using kafka_setting = std::pair<const char*, const char*>;

/// How a handle is made: `usual` may be overridden by log_options::kafka_settings, `fixed` carry a promise and may not.
struct kafka_recipe {
  rd_kafka_type_t type = RD_KAFKA_CONSUMER;
  std::vector<kafka_setting> usual;
  std::vector<kafka_setting> fixed;
  int events = 0;               ///< RD_KAFKA_EVENT_…, for the main queue
  bool closes_group = true;     ///< false: a consumer goes without a word to its group
  void* interceptor = nullptr;  ///< handed to `on_new` when that is set
  rd_kafka_interceptor_f_on_new_t* on_new = nullptr;
};

/// Error: invalid, when librdkafka does not take a setting or location has no brokers. Connects in the background.
[[nodiscard]] result<kafka_handle> make_kafka_handle(const log_options& options, const kafka_recipe& recipe);

/// `host:port,host:port` of `kafka:host:port,…`; invalid when it is no such location.
[[nodiscard]] result<std::string> kafka_brokers(const log_options& options);

/// A handle for one topic of options.topics, in their order. They go before the handle does.
[[nodiscard]] std::vector<kafka_owned<rd_kafka_topic_t>> make_kafka_topics(rd_kafka_t* handle,
                                                                           std::span<const std::string> names);

/// The recipe of consumers; the fixed part only.
[[nodiscard]] std::vector<kafka_setting> kafka_consumer_settings();

}  // namespace foldlog
