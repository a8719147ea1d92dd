#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "command/partition_shell.h"

namespace foldlog {

struct command_service_options {
  owner_options owner;                                ///< hot_bytes: per partition
  std::chrono::milliseconds command_timeout{10'000};  ///< a command that is not answered by then gets a 503
  foldlog::alarm alarm = {};                          ///< empty: real timers on the executor
  /// True: a partition is claimed when wish() says so. False: all are, at the start.
  bool shared_out = false;
  /// What this node does for the partition has changed. Posted, never from within a call.
  std::function<void(partition_id)> changed = {};
  std::function<std::unique_ptr<store_writer>(store&, boost::asio::any_io_executor)> make_writer = make_store_writer;
};

/// The command side of a node: every partition of every category, with its owner. Used on one executor.
class command_service {
 public:
  command_service(event_log& log, store& rows, boost::asio::any_io_executor executor, clock& time, random_source random,
                  command_service_options options);
  ~command_service();
  command_service(const command_service&) = delete;
  command_service& operator=(const command_service&) = delete;

  /// Before start(). The category's topic is one of the log's; the category outlives the service.
  void add(const category& of);
  /// Opens the write model and claims every partition that is wished for. Errors: those of the store.
  [[nodiscard]] result<void> start();

  [[nodiscard]] const category* find(std::string_view domain, std::string_view category_name) const;
  /// Answers through `wanted->done`, once. The category is one of find()'s.
  void submit(const category& of, std::unique_ptr<command> wanted);

  /// What this node should do with a partition.
  void wish(partition_id at, partition_wish wanted) { shell(at).wish(wanted); }
  /// Another node owns it: its work here ends at once.
  void drop(partition_id at) { shell(at).drop(); }
  [[nodiscard]] bool takes_commands(partition_id at) { return shell(at).takes_commands(); }
  [[nodiscard]] bool rests(partition_id at) { return shell(at).rests(); }
  [[nodiscard]] bool halted(partition_id at) { return shell(at).owner().phase() == owner_phase::halted; }
  [[nodiscard]] partition_id place_of(const category& of, std::string_view stream_id) const;
  /// Those that serve, with the claims by which they do.
  [[nodiscard]] std::vector<owned_partition> owned() const;

  /// All partitions that are wished for serve. Else `why` names the first that does not.
  [[nodiscard]] bool ready(std::string& why) const;

  struct partition_state {
    std::string topic;
    std::int32_t partition = 0;
    std::string owner;  ///< this node's name while it serves, else empty
    std::string epoch;
    offset_t end_offset{0};
    std::string state;
    std::string reason;
    bool shared = false;               ///< among nodes; then:
    std::vector<std::string> standby;  ///< who folds it too
  };
  [[nodiscard]] std::vector<partition_state> partitions() const;
  [[nodiscard]] owner_counters counters() const;
  /// The oldest log time of all partitions that hold events, in microseconds since 1970; nothing before all of them
  /// serve.
  [[nodiscard]] std::optional<std::int64_t> log_time_us() const;

  /// Takes no new commands, lets those under way end; `done` when all have ended or the time is up.
  void drain(std::chrono::milliseconds within, std::function<void()> done);
  /// Writes the write model and ends all work; nothing is called afterwards. After drain().
  void stop();

 private:
  struct served;
  void read_from(partition_id at, offset_t offset);
  void stop_reading(partition_id at);
  void pump();
  void pump_soon();
  void deliver();
  void meet_read_error(const error& why);
  template <typename Work>
  void call_after(std::shared_ptr<void>& timer, std::chrono::milliseconds time, Work work);
  [[nodiscard]] partition_shell& shell(partition_id at);
  void note_change(partition_id at);
  void sweep();
  void check_drained(std::chrono::nanoseconds until, std::function<void()> done);
  [[nodiscard]] std::vector<event_log::start> all_from_zero() const;

  event_log& log_;
  store& rows_;
  boost::asio::any_io_executor executor_;
  clock& time_;
  random_source random_;
  command_service_options options_;
  std::unique_ptr<store_writer> writer_;
  partition_surroundings around_;
  std::vector<served> categories_;
  std::unique_ptr<log_reader> reader_;  ///< shared by the partitions that read; none while nobody reads
  std::vector<partition_id> reading_;
  record_batch batch_;
  bool pump_posted_ = false;
  bool stopped_ = false;
  std::shared_ptr<void> sweep_timer_;
  std::shared_ptr<void> retry_timer_;
  std::shared_ptr<void> drain_timer_;
  std::shared_ptr<command_service*> alive_;  ///< null once stopped: for callbacks from other threads
};

}  // namespace foldlog
