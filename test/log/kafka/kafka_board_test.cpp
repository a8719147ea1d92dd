#include "core/log/kafka_board.h"

#include <doctest/doctest.h>

#include <set>

#include "core/log/kafka_topics.h"
#include "test/log/contract.h"
#include "test/log/kafka/kafka_broker.h"
#include "test/log/kafka/kafka_raw.h"

namespace foldlog::test {
namespace {

class loop_only final : public log_fixture {
 public:
  std::unique_ptr<event_log> make(std::size_t /*topics*/, std::int32_t /*partitions*/) override { return nullptr; }
  std::unique_ptr<event_log> reopen() override { return nullptr; }
  [[nodiscard]] std::size_t value_bytes_too_large() const override { return 0; }
  using log_fixture::executor;
};

TEST_CASE("a board goes on over the end of its topic and the next one of its name") {
  loop_only fixture;
  const auto options = fresh_options(shared_kafka(), 1, 1);
  auto board = kafka_board::make(options, fixture.executor());
  REQUIRE_MESSAGE(board.has_value(), (board ? "" : board.error().text));
  std::set<std::string> heard;
  (*board)->read([&](std::string_view key, std::string_view /*text*/) { heard.emplace(key); });
  const auto is_heard = [&](const std::string& key) {
    return fixture.run_until([&] {
      (*board)->post(key, "text");
      return heard.contains(key);
    });
  };
  REQUIRE(is_heard("before"));
  raw_delete(shared_kafka(), options.topics.front());
  REQUIRE(fixture.run_until([&] { return prepare_board_topic(options).has_value(); }));
  CHECK(is_heard("after"));
  (*board)->close();
}

}  // namespace
}  // namespace foldlog::test
