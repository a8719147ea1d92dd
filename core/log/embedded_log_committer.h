#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/log/completion_queue.h"
#include "core/log/embedded_log_store.h"

namespace foldlog {

/// The one thread that writes to the store: takes all appends that wait, writes and syncs them at once, and completes
/// them together. While it syncs, the next group gathers.
class embedded_log_committer {
 public:
  embedded_log_committer(std::shared_ptr<embedded_log_store> store, std::shared_ptr<completion_queue> completions,
                         std::function<void()> ends_have_risen, log_probe probe);
  ~embedded_log_committer();
  embedded_log_committer(const embedded_log_committer&) = delete;
  embedded_log_committer& operator=(const embedded_log_committer&) = delete;

  /// `encoded`: the records, one after the other, `sizes[n]` bytes each. False when too many bytes wait already.
  [[nodiscard]] bool submit(partition_id to, std::string_view encoded, std::span<const std::size_t> sizes,
                            append_handler& done);
  [[nodiscard]] log_health health() const;
  /// Everything submitted has its result, then the thread ends.
  void stop();

 private:
  using steady = std::chrono::steady_clock;
  struct waiting_append {
    partition_id to;
    std::size_t records;
    append_handler done;
  };
  struct waiting_group {
    std::string bytes;
    std::vector<std::size_t> sizes;
    std::vector<waiting_append> appends;
    void clear();
  };

  void run();
  /// False: it is time to end.
  bool take_what_waits();
  void write_taken();
  void add_taken();
  void refuse_taken();
  void note_failure(const error& why);
  /// True when appends may go on; tries at most ten times a second to bring that about.
  bool recovered();

  std::shared_ptr<embedded_log_store> store_;
  std::shared_ptr<completion_queue> completions_;
  std::function<void()> ends_have_risen_;
  log_probe probe_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  waiting_group waiting_;
  bool idle_ = false;  ///< the thread sleeps: it has to be woken
  bool stopping_ = false;
  std::string trouble_;                 ///< why no append is taken at present; empty = all is well
  std::atomic<bool> troubled_ = false;  ///< asked for every command: no lock while all is well

  waiting_group taken_;  ///< from here on: the thread's own
  embedded_log_store::write_group group_;
  std::vector<completion_queue::completion> finished_;
  bool failed_ = false;
  error failure_;
  steady::time_point next_attempt_;
  std::thread thread_;
};

}  // namespace foldlog
