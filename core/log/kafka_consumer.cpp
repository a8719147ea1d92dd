#include "core/log/kafka_consumer.h"

#include <cassert>

namespace foldlog {

kafka_consumer::kafka_consumer(kafka_handle made, const std::vector<std::string>& names)
    : handle(std::move(made)), topics(make_kafka_topics(handle.get(), names)) {
  for (const auto& name : names) sources.push_back(kafka_source(name));
}

std::uint32_t kafka_consumer::topic_of(const rd_kafka_message_t& message) const {
  for (std::uint32_t n = 0; n < topics.size(); ++n) {
    if (topics[n].get() == message.rkt) return n;
  }
  const std::string_view name = rd_kafka_topic_name(message.rkt);
  for (std::uint32_t n = 0; n < topics.size(); ++n) {
    if (name == rd_kafka_topic_name(topics[n].get())) return n;
  }
  assert(!"a message of a topic that is not read");
  return 0;
}

void kafka_consumer::pause(partition_id at, bool paused) const {
  auto* const list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(topics[at.topic].get()), at.partition);
  if (paused) {
    rd_kafka_pause_partitions(handle.get(), list);
  } else {
    rd_kafka_resume_partitions(handle.get(), list);
  }
  rd_kafka_topic_partition_list_destroy(list);
}

kafka_messages::~kafka_messages() {
  for (auto* message : list) rd_kafka_message_destroy(message);
}

void add_kafka_record(record_batch& into, kafka_messages& owner, rd_kafka_message_t& message, std::uint32_t topic) {
  into.items.push_back(
      {topic, message.partition, decode_kafka_message(message, owner.consumer->sources[topic], owner.texts)});
}

}  // namespace foldlog
