#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>

#include "core/log/event_log.h"
#include "test/simulation/faults.h"
#include "test/simulation/log_storage.h"
#include "test/simulation/plan.h"
#include "test/simulation/scheduler.h"
#include "test/simulation/trace.h"

namespace foldlog::test {

/// What the logs of all nodes of a run share.
struct log_world {
  scheduler& time;
  chance luck;
  trace& notes;
  const plan& how;
  log_storage& records;
  fault_counts& faults;
  bool calm = false;  ///< nothing goes wrong any more
  std::uint64_t appends = 0;
  std::uint64_t landing = 0;  ///< appends that may still land
};

class sim_reader;

/// The log as one node has it: its appends are late, lost, doubled, refused, misreported; its readers stall and fail.
/// A node that is gone takes its handlers along; what it sent may land all the same.
class sim_log final : public event_log {
 public:
  sim_log(log_world& world, std::string node, boost::asio::any_io_executor executor, std::function<void()> turn);
  ~sim_log() override;

  /// The brokers are away until then.
  void be_away_until(std::chrono::nanoseconds when) { away_until_ = when; }
  /// Some partition has more to read.
  void grown(std::int32_t partition);

  [[nodiscard]] const std::vector<std::string>& topics() const override { return world_.records.topics(); }
  [[nodiscard]] std::int32_t partitions() const override { return world_.records.partitions(); }
  void append(partition_id to, std::span<const record> records, append_handler done) override;
  [[nodiscard]] std::unique_ptr<log_reader> open_reader(std::vector<start> starts, ready_handler ready) override;
  void fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) override;
  [[nodiscard]] result<offset_t> end_offset(partition_id of) const override;
  [[nodiscard]] result<offset_t> query_end_offset(partition_id of) override;
  [[nodiscard]] log_health health() const override;
  [[nodiscard]] bool exclusive() const override { return world_.how.exclusive; }
  [[nodiscard]] std::string description() const override { return "simulated"; }
  void close() override { pending_.clear(); }

 private:
  friend class sim_reader;
  struct sending;  // an append on its way: what it holds outlives the node
  [[nodiscard]] bool away() const { return !world_.calm && world_.time.now() < away_until_; }
  [[nodiscard]] bool fails(std::uint32_t rate, fault kind) {
    const bool does = !world_.calm && world_.luck.per_mille(rate);
    if (does) world_.faults.add(kind);
    return does;
  }
  void choose_fate(sending& append);
  void send(const std::shared_ptr<sending>& append);
  void tell(const std::shared_ptr<sending>& append, append_result outcome, std::chrono::nanoseconds wait);
  void finish(std::uint64_t number, append_result outcome);
  [[nodiscard]] result<record_batch> range(partition_id from, offset_t first, offset_t last);

  log_world& world_;
  std::string node_;
  boost::asio::any_io_executor executor_;
  std::function<void()> turn_;
  std::chrono::nanoseconds away_until_{};
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, append_handler> pending_;
  std::vector<std::chrono::nanoseconds> free_at_;  ///< by partition: appends keep their order
  std::vector<sim_reader*> readers_;
  std::shared_ptr<sim_log*> alive_;
};

}  // namespace foldlog::test
