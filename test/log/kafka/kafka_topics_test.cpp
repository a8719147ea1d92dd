#include "core/log/kafka_topics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "core/log/kafka_log.h"
#include "test/log/kafka/kafka_broker.h"
#include "test/log/kafka/kafka_raw.h"

namespace foldlog::test {
namespace {

const std::map<std::string, std::string> right_settings{{"cleanup.policy", "delete"},
                                                        {"retention.ms", "-1"},
                                                        {"retention.bytes", "-1"},
                                                        {"unclean.leader.election.enable", "false"},
                                                        {"min.insync.replicas", "1"}};

error opening_fails(const log_options& options) {
  boost::asio::io_context context;
  const auto opened = open_kafka_log(options, context.get_executor());
  REQUIRE_FALSE(opened.has_value());
  return opened.error();
}

bool opens(const log_options& options) {
  boost::asio::io_context context;
  const auto opened = open_kafka_log(options, context.get_executor());
  return opened.has_value() && (*opened)->health().writable;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("topics are created once, with all their settings, and found right afterwards") {
  const auto options = fresh_options(shared_kafka(), 2, 3);
  const auto before = check_topics(options);
  REQUIRE(before.has_value());
  REQUIRE(before->size() == 2);
  CHECK(before->front().setting == "topic");
  CHECK(create_topics(options) == result<std::vector<std::string>>(options.topics));
  CHECK(create_topics(options) == result<std::vector<std::string>>(std::vector<std::string>{}));
  const auto after = check_topics(options);
  REQUIRE_MESSAGE(after.has_value(), (after ? "" : after.error().text));
  CHECK(after->empty());
  CHECK(opens(options));
}

TEST_CASE("a log does not open over a topic with a wrong setting, and says which") {
  for (const auto& [setting, value] : std::map<std::string, std::string>{{"cleanup.policy", "compact"},
                                                                         {"retention.ms", "604800000"},
                                                                         {"retention.bytes", "1048576"},
                                                                         {"unclean.leader.election.enable", "true"}}) {
    auto options = fresh_options(shared_kafka(), 1, 2);
    auto settings = right_settings;
    settings[setting] = value;
    raw_create(shared_kafka(), options.topics.front(), 2, settings);
    const auto why = opening_fails(options);
    CHECK(why.kind == error_kind::conflict);
    CHECK(contains(why.text, options.topics.front()));
    CHECK(contains(why.text, setting + " is " + value));
    const auto differences = check_topics(options);
    REQUIRE(differences.has_value());
    REQUIRE(differences->size() == 1);
    CHECK(differences->front().found == value);
  }
}

TEST_CASE("a log does not open with another partition count than its topics'") {
  auto options = fresh_options(shared_kafka(), 2, 3);
  raw_create(shared_kafka(), options.topics[0], 3, right_settings);
  raw_create(shared_kafka(), options.topics[1], 4, right_settings);
  const auto why = opening_fails(options);
  CHECK(why.kind == error_kind::conflict);
  CHECK(contains(why.text, options.topics[1] + ": partitions is 4, wanted 3"));
  options.partitions = 0;  // as recorded: they must agree all the same
  CHECK(opening_fails(options).kind == error_kind::conflict);
}

TEST_CASE("partitions = 0 takes the count that is recorded") {
  auto options = fresh_options(shared_kafka(), 1, 5);
  REQUIRE(create_topics(options).has_value());
  options.partitions = 0;
  boost::asio::io_context context;
  const auto opened = open_kafka_log(options, context.get_executor());
  REQUIRE(opened.has_value());
  CHECK((*opened)->partitions() == 5);
  CHECK(opening_fails(fresh_options(shared_kafka(), 1, 0)).kind == error_kind::invalid);
}

TEST_CASE("every difference is listed") {
  auto options = fresh_options(shared_kafka(), 3, 2);
  raw_create(shared_kafka(), options.topics[0], 1, {{"cleanup.policy", "compact"}, {"retention.bytes", "-1"}});
  raw_create(shared_kafka(), options.topics[1], 2, right_settings);
  options.replicas = 3;
  const auto differences = check_topics(options);
  REQUIRE(differences.has_value());
  std::vector<std::string> found;
  for (const auto& each : *differences) found.push_back(each.text());
  std::ranges::sort(found);
  const auto& topic = options.topics;
  CHECK(found ==
        std::vector<std::string>{
            topic[0] + ": cleanup.policy is compact, wanted delete",
            topic[0] + ": min.insync.replicas is 1, wanted 2 or more", topic[0] + ": partitions is 1, wanted 2",
            topic[0] + ": replicas is 1, wanted 3 or more", topic[0] + ": retention.ms is 604800000, wanted -1",
            topic[1] + ": min.insync.replicas is 1, wanted 2 or more", topic[1] + ": replicas is 1, wanted 3 or more",
            topic[2] + ": topic is missing, wanted 2 partitions"});
}

TEST_CASE("more replicas than brokers is a conflict that names the setting") {
  auto options = fresh_options(shared_kafka(), 1, 2);
  options.replicas = 99;
  const auto why = opening_fails(options);
  CHECK(why.kind == error_kind::conflict);
  CHECK(contains(why.text, "replicas = 99"));
  const auto created = create_topics(options);
  REQUIRE_FALSE(created.has_value());
  CHECK(created.error().kind == error_kind::conflict);
}

TEST_CASE("a missing topic is not created when it may not be") {
  auto options = fresh_options(shared_kafka(), 1, 2);
  options.create = false;
  CHECK(opening_fails(options).kind == error_kind::not_found);
  options.create = true;
  options.read_only = true;
  CHECK(opening_fails(options).kind == error_kind::not_found);
}

TEST_CASE("a setting that librdkafka does not know is named") {
  auto options = fresh_options(shared_kafka(), 1, 2);
  options.kafka_settings["no.such.setting"] = "1";
  const auto why = opening_fails(options);
  CHECK(why.kind == error_kind::invalid);
  CHECK(contains(why.text, "no.such.setting"));
  options.kafka_settings.clear();
  options.location = "kafka:";
  CHECK(opening_fails(options).kind == error_kind::invalid);
}

TEST_CASE("a setting that carries a promise cannot be overridden") {
  auto options = fresh_options(shared_kafka(), 1, 1);
  options.kafka_settings["acks"] = "0";
  options.kafka_settings["enable.idempotence"] = "false";
  CHECK(opens(options));
}

}  // namespace
}  // namespace foldlog::test
