#include "core/log/kafka_topics.h"

#include <fmt/format.h>

#include "core/log/kafka_admin.h"

namespace foldlog {
namespace {

constexpr std::chrono::milliseconds contact_patience{5000};
constexpr std::chrono::milliseconds leader_patience{15'000};

}  // namespace

std::string topic_difference::text() const {
  return fmt::format("{}: {} is {}, wanted {}", topic, setting, found, wanted);
}

result<std::vector<std::string>> create_topics(const log_options& options) {
  const auto admin = kafka_admin::make(options);
  if (!admin) return std::unexpected(admin.error());
  const auto seen = admin->look(options, contact_patience);
  if (!seen) return std::unexpected(seen.error());
  auto created = admin->create_missing(options, *seen);
  if (!created || created->empty()) return created;
  const auto led = admin->wait_for_leaders(options, leader_patience);
  if (!led) return std::unexpected(led.error());
  return created;
}

result<std::vector<topic_difference>> check_topics(const log_options& options) {
  const auto admin = kafka_admin::make(options);
  if (!admin) return std::unexpected(admin.error());
  const auto seen = admin->look(options, contact_patience);
  if (!seen) return std::unexpected(seen.error());
  return admin->compare(options, *seen);
}

result<void> prepare_board_topic(const log_options& options) {
  const auto admin = kafka_admin::make(options, kafka_board_topic());
  if (!admin) return std::unexpected(admin.error());
  const auto seen = admin->look(options, contact_patience);
  if (!seen) return std::unexpected(seen.error());
  if (auto created = admin->create_missing(options, *seen); !created) return std::unexpected(created.error());
  const auto led = admin->wait_for_leaders(options, leader_patience);
  if (!led) return std::unexpected(led.error());
  const auto differences = admin->compare(options, *led);
  if (!differences) return std::unexpected(differences.error());
  if (!differences->empty()) return fail(error_kind::conflict, differences->front().text());
  return {};
}

}  // namespace foldlog
