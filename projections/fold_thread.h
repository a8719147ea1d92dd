#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "projections/runner.h"

namespace foldlog {

/// Runs a runner on a thread of its own, of lower priority (nice +5): folding never starves commands.
///
/// After a step that caught up it rests for one to forty milliseconds, so that commands that come in fast are folded
/// together; an event is in the views a few milliseconds after its acknowledgement. Errors are retried after 50 ms to 2
/// s.
class fold_thread {
 public:
  explicit fold_thread(runner& what);
  ~fold_thread() { stop(); }
  fold_thread(const fold_thread&) = delete;
  fold_thread& operator=(const fold_thread&) = delete;

  void start();
  /// Ends after the present step, whose rows are then in the store; waits for that.
  void stop();

 private:
  void run();
  void wait_for_more(std::chrono::milliseconds at_most);
  /// False when it is to stop.
  [[nodiscard]] bool rest(std::chrono::microseconds duration);

  // Shared with the log, which may call once more while this object goes.
  struct signal {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
    bool waits = false;  ///< for `ready`: else nobody needs to be woken
    bool stopping = false;
  };
  runner& runner_;
  std::shared_ptr<signal> signal_ = std::make_shared<signal>();
  std::thread thread_;
};

}  // namespace foldlog
