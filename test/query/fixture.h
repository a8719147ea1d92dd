#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/router.h"
#include "core/log/commit_reader.h"
#include "core/log/memory_log.h"
#include "core/runtime/progress.h"
#include "core/store/store.h"
#include "core/store/view_layout.h"
#include "query/query_routes.h"
#include "test/query/log_script.h"

namespace foldlog::test {

/// Rings when the test says so.
class hand_alarm {
 public:
  [[nodiscard]] foldlog::alarm make();
  void advance(std::chrono::milliseconds by);
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct bell {
    std::chrono::milliseconds at;
    std::function<void()> then;
    std::weak_ptr<void> wanted;  ///< expired: cancelled
  };
  std::chrono::milliseconds now_{0};
  std::vector<bell> bells_;
};

/// Collects what a subscription sends.
class fake_stream final : public http::body_stream {
 public:
  void write(std::string piece) override;
  [[nodiscard]] std::size_t waiting() const override { return untaken; }
  void on_drained(std::function<void()> handler) override { drained = std::move(handler); }
  void on_closed(std::function<void()> handler) override { closed = std::move(handler); }
  void end() override { ended = true; }

  std::string text;
  std::size_t untaken = 0;
  bool holds_back = false;  ///< what is written stays untaken
  bool ended = false;
  std::function<void()> drained;
  std::function<void()> closed;
};

struct sent_event {
  std::string id;
  std::string type;
  std::string data;
  bool operator==(const sent_event&) const = default;
};
/// The events in an event stream, without comments.
[[nodiscard]] std::vector<sent_event> parse_events(std::string_view text);

struct answer {
  http::response response;
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  /// What follows `/problems/` in the body's type; empty when it is no problem.
  [[nodiscard]] std::string problem() const;
};

using headers = std::vector<std::pair<std::string, std::string>>;

/// The domain `bank` with the category `account` and the view `accounts` (indexes owner: text, balance: integer) on a
/// memory log and a memory store. A state is the list of the versions folded: `{"folded":[1,2]}`.
class fixture {
 public:
  explicit fixture(std::int32_t partitions = 2, bool entries_hold_records = false,
                   const std::uint64_t* store_generation = nullptr);
  /// The clients of all subscriptions leave.
  ~fixture();

  /// Sends a request; the answer if there is one at once.
  std::shared_ptr<std::optional<answer>> send(std::string_view target, const headers& fields = {},
                                              http::method method = http::method::get);
  /// Sends it and runs until nothing is left to do; there must be an answer then.
  answer ask(std::string_view target, const headers& fields = {}, http::method method = http::method::get);
  void run();
  /// Takes the answer's stream and runs; `holds_back`: what is written stays untaken.
  std::shared_ptr<fake_stream> listen(const answer& to, bool holds_back = false);

  /// Puts a row of `accounts` with its index entries, in place of the one before.
  void put_row(const std::string& key, const std::string& owner, std::int64_t balance);
  void erase_row(const std::string& key);
  /// Folds what is in the log: streams, marks (behind every `mark_every`-th record, where no commit is open),
  /// checkpoints of both views; then publishes progress.
  void fold(std::size_t mark_every = 1);
  /// A checkpoint of `accounts` alone, published.
  void reach(std::int32_t partition, std::int64_t offset);

  boost::asio::io_context context;
  memory_log log;
  std::unique_ptr<store> rows = make_memory_store();
  foldlog::progress progress;
  hand_alarm alarm;
  log_script script;

 private:
  void fold_partition(std::int32_t partition, std::size_t mark_every);

  struct folded_partition {
    commit_reader commits;
    offset_t next{0};
    foldlog::progress::handle streams;
    foldlog::progress::handle accounts;
  };
  http::router router_;
  std::vector<std::weak_ptr<fake_stream>> streams_;
  bool entries_hold_records_;
  std::vector<folded_partition> folded_;
  std::map<std::string, std::pair<std::string, std::int64_t>> indexed_;
};

}  // namespace foldlog::test
