#include "core/log/embedded_log_committer.h"

#include <utility>

#include "core/runtime/logging.h"
#include "core/runtime/thread_priority.h"

namespace foldlog {
namespace {

constexpr std::size_t waiting_bytes_max = 256U << 20;
constexpr std::size_t kept_capacity_max = 8U << 20;  ///< a buffer that once was larger is given back
constexpr auto idle_retry_pause = std::chrono::seconds(1);
constexpr auto busy_retry_pause = std::chrono::milliseconds(100);

}  // namespace

void embedded_log_committer::waiting_group::clear() {
  bytes.clear();
  if (bytes.capacity() > kept_capacity_max) bytes.shrink_to_fit();
  sizes.clear();
  appends.clear();
}

embedded_log_committer::embedded_log_committer(std::shared_ptr<embedded_log_store> store,
                                               std::shared_ptr<completion_queue> completions,
                                               std::function<void()> ends_have_risen, log_probe probe)
    : store_(std::move(store)),
      completions_(std::move(completions)),
      ends_have_risen_(std::move(ends_have_risen)),
      probe_(std::move(probe)),
      thread_([this] { run(); }) {}

embedded_log_committer::~embedded_log_committer() { stop(); }

void embedded_log_committer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool embedded_log_committer::submit(partition_id to, std::string_view encoded, std::span<const std::size_t> sizes,
                                    append_handler& done) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || waiting_.bytes.size() + encoded.size() > waiting_bytes_max) return false;
    waiting_.bytes.append(encoded);
    waiting_.sizes.insert(waiting_.sizes.end(), sizes.begin(), sizes.end());
    waiting_.appends.push_back({to, sizes.size(), std::move(done)});
    wake = std::exchange(idle_, false);
  }
  if (wake) work_.notify_one();
  return true;
}

log_health embedded_log_committer::health() const {
  log_health health;
  if (!troubled_) return health;
  {
    const std::scoped_lock lock(mutex_);
    health.reason = trouble_;
  }
  health.writable = health.reason.empty();
  health.readable = health.writable || store_->readable();
  return health;
}

void embedded_log_committer::run() {
  // Whoever shares its processor, a fold perhaps, has milliseconds left when this thread wakes; all clients wait for
  // it.
  wish_slices_of(std::chrono::microseconds(200));
  while (take_what_waits()) {
    if (!recovered()) {
      refuse_taken();
    } else if (!taken_.appends.empty()) {
      write_taken();
    }
    taken_.clear();
  }
}

bool embedded_log_committer::take_what_waits() {
  std::unique_lock lock(mutex_);
  const auto has_news = [this] { return stopping_ || !waiting_.appends.empty(); };
  while (!has_news()) {
    idle_ = true;
    if (!failed_) {
      work_.wait(lock);
    } else if (work_.wait_for(lock, idle_retry_pause) == std::cv_status::timeout) {
      break;
    }
  }
  idle_ = false;
  std::swap(waiting_, taken_);
  return !(stopping_ && taken_.appends.empty());
}

void embedded_log_committer::add_taken() {
  std::string_view rest = taken_.bytes;
  auto size = taken_.sizes.begin();
  finished_.reserve(taken_.appends.size());
  for (auto& append : taken_.appends) {
    offset_t first = no_offset;
    for (std::size_t n = 0; n < append.records; ++n, ++size) {
      const auto offset = store_->add(group_, append.to, rest.substr(0, *size));
      if (n == 0) first = offset;
      rest.remove_prefix(*size);
    }
    finished_.push_back({std::move(append.done), {append_status::acknowledged, first, true, {}}});
  }
}

void embedded_log_committer::write_taken() {
  add_taken();
  const auto begin = steady::now();
  const auto committed = store_->commit(group_);
  if (!committed) {
    note_failure(committed.error());
    for (auto& [done, result] : finished_) {
      result = {append_status::unknown, no_offset, false, {error_kind::unknown, committed.error().text}};
    }
  }
  const auto appends = finished_.size();
  completions_->push(finished_);
  if (!committed) return;
  ends_have_risen_();
  if (!probe_.committed) return;
  const std::chrono::duration<double> seconds = steady::now() - begin;
  probe_.committed(taken_.sizes.size(), appends, seconds.count());
}

void embedded_log_committer::refuse_taken() {
  if (taken_.appends.empty()) return;
  for (auto& append : taken_.appends) {
    finished_.push_back(
        {std::move(append.done), {append_status::refused, no_offset, false, {error_kind::unavailable, failure_.text}}});
  }
  completions_->push(finished_);
}

void embedded_log_committer::note_failure(const error& why) {
  if (!failed_) log(log_level::error, "the log takes no appends", {{"reason", why.text}});
  if (probe_.failed && why != failure_) probe_.failed(why.text);
  failed_ = true;
  failure_ = why;
  next_attempt_ = steady::now() + busy_retry_pause;
  const std::scoped_lock lock(mutex_);
  trouble_ = why.text;
  troubled_ = true;
}

bool embedded_log_committer::recovered() {
  if (!failed_) return true;
  if (steady::now() < next_attempt_) return false;
  const auto reopened = store_->reopen();
  if (!reopened) {
    note_failure(reopened.error());
    return false;
  }
  failed_ = false;
  failure_ = {};
  {
    const std::scoped_lock lock(mutex_);
    trouble_.clear();
    troubled_ = false;
  }
  log(log_level::info, "the log takes appends again");
  ends_have_risen_();
  return true;
}

}  // namespace foldlog
