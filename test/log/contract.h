#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/log/event_log.h"

// One behaviour suite for every event_log (test/log/contract.cpp). A test program derives a fixture for its log and
// says
//
//     TEST_CASE("the memory log keeps the contract of event_log") {
//       memory_fixture fixture;
//       foldlog::test::keep_the_log_contract(fixture);
//     }
//
// with contract.cpp and contract_tools.cpp among its sources. Every sentence of the suite is a subcase and makes its
// own log.
namespace foldlog::test {

class log_fixture {
 public:
  virtual ~log_fixture() = default;

  /// A new, empty log with that many topics, named `<domain>.<category>` as the fixture likes; its executor is
  /// executor().
  virtual std::unique_ptr<event_log> make(std::size_t topics, std::int32_t partitions) = 0;
  /// Opens once more what make() made last; that object is closed and destroyed by then.
  virtual std::unique_ptr<event_log> reopen() = 0;
  /// The size of a value that an append of this log must refuse as too large.
  [[nodiscard]] virtual std::size_t value_bytes_too_large() const = 0;
  /// Makes the next append end as unknown. False where the log cannot be brought to it: that subcase is left out then.
  virtual bool doubt_next_append(event_log& /*log*/) { return false; }

  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }
  /// Runs what is posted to the executor, on this thread, until the condition holds; false after 30 s.
  bool run_until(const std::function<bool()>& condition);

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(context_);
};

/// A record with bytes of its own, to keep and compare.
struct kept_record {
  partition_id at;
  record fields;  ///< its views are empty: they are in `texts`
  std::vector<std::string> texts;

  kept_record(partition_id where, const record& seen);
  bool operator==(const kept_record& other) const;
  [[nodiscard]] std::string text() const;
};

/// Reads until that many records have come (or nothing comes for 30 s), without looking at the ready handler.
[[nodiscard]] std::vector<kept_record> read_records(log_fixture& fixture, log_reader& reader, std::size_t count,
                                                    const read_limits& limits = {});
/// Appends and runs the executor until the outcome is there.
[[nodiscard]] append_result append_now(log_fixture& fixture, event_log& log, partition_id to,
                                       std::span<const record> records);
/// An event of a one-record commit with this value; the value must outlive it.
[[nodiscard]] record sample_event(std::string_view value);

/// Records of every kind that a log is asked to keep, with fields empty, full and at their limits.
[[nodiscard]] std::vector<record> one_of_each_kind();

void keep_the_log_contract(log_fixture& fixture);

}  // namespace foldlog::test
