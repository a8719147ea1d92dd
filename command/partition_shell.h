#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "command/owner.h"
#include "command/store_writer.h"
#include "core/cluster/ownership.h"
#include "core/runtime/alarm.h"

namespace foldlog {

/// What the partitions of one node share. All of it outlives them and is used on one strand.
struct partition_surroundings {
  event_log& log;
  store_writer& writer;
  boost::asio::any_io_executor executor;
  clock& time;
  foldlog::alarm alarm;
  std::function<void(partition_id, offset_t)> read_from;  ///< hand records to partition_shell::read() from there on
  std::function<void(partition_id)> stop_reading;
  std::function<void(partition_id)> phase_changed = {};  ///< from within the owner: do not call back into it
};

/// Joins one owner to the log, the store and the timers, on one strand. Everything is called on that strand.
class partition_shell final : private owner_port, public std::enable_shared_from_this<partition_shell> {
 public:
  partition_shell(const category& of, std::string topic, partition_id at, store& rows, owner_options options,
                  partition_surroundings& around, random_source random);
  ~partition_shell() override;

  /// Opens the write model, checks it against the log (which halts the owner where they do not fit), and does what is
  /// wished.
  [[nodiscard]] result<void> start();
  void wish(partition_wish wanted);
  /// Another node owns it: ends at once.
  void drop();
  /// Does what is wished, as far as that is possible by now.
  void apply();
  void submit(std::unique_ptr<command> wanted);
  void read(std::span<const record> records);
  void read_failed(const error& why);
  void tick();
  void retire();
  /// Nothing is called afterwards; what is under way is dropped.
  void stop();
  /// Writes what is certain and not saved yet; to be called until `clean()`.
  void save() { owner_.save(); }

  [[nodiscard]] bool idle() const { return owner_.idle(); }
  /// Commands are decided here, now or soon.
  [[nodiscard]] bool takes_commands() const;
  /// Nothing is decided here (any more).
  [[nodiscard]] bool rests() const;
  [[nodiscard]] partition_wish wished() const { return wish_; }
  [[nodiscard]] bool clean() const { return owner_.clean(); }
  [[nodiscard]] const class owner& owner() const { return owner_; }
  [[nodiscard]] const std::string& topic() const { return topic_; }
  [[nodiscard]] partition_id at() const { return at_; }

 private:
  void append(std::uint64_t append_id, std::span<const record> records) override;
  void read_from(offset_t offset) override;
  void stop_reading() override;
  void answer(command& of, command_outcome outcome) override;
  void answer_again(std::unique_ptr<command> of, const remembered& first) override;
  void save(std::unique_ptr<store_batch> batch) override;
  void wake_after(std::chrono::nanoseconds time) override;
  void phase_changed(owner_phase now, std::string_view why) override;

  void flush_soon();
  void check_place(const folded_place& place);
  void opened(const folded_place& place);
  void start_from(const folded_place& place, const result<record_batch>& found);

  std::string topic_;
  partition_id at_;
  partition_surroundings& around_;
  write_model rows_;
  class owner owner_;
  std::shared_ptr<void> timer_;
  std::chrono::nanoseconds wakes_at_ = std::chrono::nanoseconds::max();
  partition_wish wish_ = partition_wish::own;
  bool opened_ = false;
  bool flush_posted_ = false;
  bool stopped_ = false;  ///< what outlived us may be gone: late results are dropped
};

}  // namespace foldlog
