#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/log/event_log.h"
#include "core/log/kafka_admin.h"
#include "core/log/kafka_ends.h"

namespace foldlog {

/// What is known of the cluster: a thread that makes the first contact, creates or checks the topics, and from then on
/// looks every second whether everything can be written and read.
class kafka_cluster {
 public:
  /// Both are called on its thread: before it calls itself ready; when it is ready, or a topic is gone.
  kafka_cluster(const log_options& options, kafka_admin admin, std::shared_ptr<kafka_ends> ends,
                std::function<void()> before_ready, std::function<void()> news);
  ~kafka_cluster();

  /// Starts, and waits for the first contact; when that is made, for what it shows. Conflict, not_found and the like
  /// are final here; unavailable means that it goes on trying.
  result<void> start(std::chrono::milliseconds first_contact);
  void stop();

  [[nodiscard]] log_health health() const;
  /// True from the moment on when the topics were found as they must be.
  [[nodiscard]] bool is_ready() const;
  /// The topic was there once and is not any more.
  [[nodiscard]] bool is_gone(std::uint32_t topic) const;
  /// Why nothing can be appended at present, if so: the topics are not checked, or no broker answers.
  [[nodiscard]] std::optional<error> refusal() const;
  /// 0 as long as it is not known.
  [[nodiscard]] std::int32_t partitions() const;
  /// Looks at once.
  void nudge();
  /// An append was acknowledged: the brokers are there.
  void acknowledged();
  /// An append failed though it was good. The log counts as not writable until one is acknowledged, or for a few
  /// seconds: what a cluster says of itself can be old, and someone must try again.
  void failed(const error& why);
  [[nodiscard]] const kafka_admin& admin() const { return admin_; }

 private:
  void run();
  result<kafka_cluster_view> establish();
  result<kafka_cluster_view> examine();
  void tell_first(result<void> outcome);
  void note_missing(const kafka_cluster_view& seen);
  void probe();
  void judge(const kafka_cluster_view& seen);
  void publish(log_health now, bool reachable);
  bool pause(std::chrono::milliseconds longest);

  const log_options options_;
  const kafka_admin admin_;
  const std::shared_ptr<kafka_ends> ends_;
  const std::function<void()> before_ready_;
  const std::function<void()> news_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  log_health health_{false, false, "no broker has answered yet"};
  bool contact_ = false;    ///< a broker has answered since the log was opened
  bool reachable_ = false;  ///< one answered lately
  bool ready_ = false;
  bool stopping_ = false;
  bool nudged_ = false;
  std::vector<int> missing_probes_;
  std::optional<result<void>> first_;  ///< what the first contact showed
  std::int32_t partitions_;
  std::atomic<int> silent_probes_ = 0;
  std::atomic<bool> failing_ = false;
  std::chrono::steady_clock::time_point failed_at_;
  std::string failure_;
  std::thread thread_;
};

}  // namespace foldlog
