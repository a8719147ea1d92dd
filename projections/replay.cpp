#include "projections/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "projections/view_rows.h"

namespace foldlog {
namespace {

using namespace std::chrono_literals;

struct partition_task {
  partition_id id;
  topic_partition at;
  std::unique_ptr<partition_fold> fold;
  offset_t last = no_offset;
};

// Waits for the log without asking it all the time; shared, since the log may call once more than it is listened to.
struct more_to_read {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;

  void notify() {
    const std::lock_guard lock(mutex);
    ready = true;
    changed.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 200ms, [&] { return ready; });
    ready = false;
  }
};

// One thread's share: some partitions, a reader and a batch of its own.
class worker {
 public:
  worker(event_log& log, store& into, std::size_t dirty_bytes_max)
      : log_(log), store_(into), dirty_bytes_max_(dirty_bytes_max) {}

  void add(partition_task task) { tasks_.push_back(std::move(task)); }
  [[nodiscard]] std::uint64_t records() const { return records_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t events() const { return events_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool ended() const { return ended_.load(); }
  void cancel() { cancelled_.store(true); }
  [[nodiscard]] const result<void>& outcome() const { return outcome_; }

  void run() {
    outcome_ = fold_all();
    ended_.store(true);
  }

 private:
  result<void> fold_all() {
    std::vector<event_log::start> starts;
    for (auto& task : tasks_) {
      std::ignore = task.fold->begin();
      if (task.last != no_offset && !task.fold->idle()) starts.push_back({task.id, task.fold->next()});
    }
    reading_ = starts.size();
    more_->ready = false;
    reader_ = log_.open_reader(std::move(starts), [more = more_] { more->notify(); });
    batch_ = store_.make_batch();
    record_batch read;
    while (reading_ > 0) {
      if (cancelled_.load(std::memory_order_relaxed)) return fail(error_kind::cancelled, "the replay was cancelled");
      const auto got = read_some(read);
      if (!got) return got;
      const auto taken = take(read);
      if (!taken) return taken;
      const auto wrote = dirty_bytes() > dirty_bytes_max_ ? write() : result<void>();
      if (!wrote) return wrote;
    }
    return write();
  }

  result<void> read_some(record_batch& into) {
    constexpr int attempts = 100;
    for (int failed = 0;;) {
      const auto read = reader_->read(into, read_limits{.records = 16384, .bytes = 16U << 20});
      if (read && (!into.items.empty() || cancelled_.load())) return {};
      if (!read && (read.error().kind != error_kind::unavailable || ++failed > attempts)) return read;
      more_->wait();
    }
  }

  result<void> take(const record_batch& read) {
    for (const auto& item : read.items) {
      auto* task = find({item.topic, item.partition});
      if (task == nullptr || item.record.offset > task->last) continue;
      const auto taken = task->fold->take(item.record, *batch_);
      if (!taken) return taken;
      if (item.record.kind == record_kind::event) ++batch_events_;
      ++batch_records_;
      if (item.record.offset < task->last && !task->fold->idle()) continue;
      reader_->pause(task->id);
      --reading_;
      task->last = no_offset;  // nothing more of it is taken
    }
    records_.store(records() + std::exchange(batch_records_, 0), std::memory_order_relaxed);
    events_.store(events() + std::exchange(batch_events_, 0), std::memory_order_relaxed);
    return {};
  }

  partition_task* find(partition_id id) {
    if (latest_ < tasks_.size() && tasks_[latest_].id == id) return &tasks_[latest_];
    for (latest_ = 0; latest_ < tasks_.size(); ++latest_) {
      if (tasks_[latest_].id == id) return &tasks_[latest_];
    }
    return nullptr;
  }

  [[nodiscard]] std::size_t dirty_bytes() const {
    std::size_t bytes = batch_->bytes();
    for (const auto& task : tasks_) bytes += task.fold->dirty_bytes();
    return bytes;
  }

  result<void> write() {
    for (auto& task : tasks_) task.fold->write(*batch_);
    const auto wrote = store_.write(*batch_);
    if (!wrote) return wrote;
    batch_->clear();
    for (auto& task : tasks_) {
      task.fold->written();
      for (const auto& view : task.fold->views()) {
        if (view.halted)
          return fail(view.reason.starts_with("damaged") ? error_kind::damaged : error_kind::internal, view.reason);
      }
    }
    return {};
  }

  event_log& log_;
  store& store_;
  std::size_t dirty_bytes_max_;
  std::vector<partition_task> tasks_;
  std::size_t latest_ = 0;
  std::size_t reading_ = 0;
  std::unique_ptr<log_reader> reader_;
  std::unique_ptr<store_batch> batch_;
  std::shared_ptr<more_to_read> more_ = std::make_shared<more_to_read>();
  std::uint64_t batch_records_ = 0;
  std::uint64_t batch_events_ = 0;
  std::atomic<std::uint64_t> records_{0};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> ended_{false};
  result<void> outcome_;
};

result<void> check_empty(const store& into) {
  const auto snapshot = into.snapshot();
  const auto at = snapshot->iterate("");
  at->seek("");
  if (at->valid()) return fail(error_kind::invalid, "the store to fold into is not empty");
  return at->status();
}

result<partition_task> open_task(event_log& log, const projection_list& projections, const store& into, partition_id id,
                                 const fold_options& options, std::size_t cache_bytes, const fold_limit& limit) {
  partition_task task{.id = id, .at = {log.topics()[id.topic], id.partition}, .fold = nullptr};
  auto fold = partition_fold::open(into, projections, id, task.at, options, cache_bytes);
  if (!fold) return std::unexpected(fold.error());
  const auto end = log.query_end_offset(id);
  if (!end) return std::unexpected(end.error());
  const auto domain = task.at.topic.substr(0, task.at.topic.find('.'));
  for (auto& view : (*fold)->views()) {
    view.last = limit(domain, view.view, task.at);
    if (view.last >= *end && view.last != offset_t{INT64_MAX}) {
      return fail(error_kind::invalid, fmt::format("{}/{}@{} is beyond the end of the log, which is offset {}",
                                                   task.at.topic, id.partition, raw(view.last), raw(*end)));
    }
    view.last = std::min(view.last, *end - 1);
    task.last = std::max(task.last, view.last);
  }
  task.fold = *std::move(fold);
  return task;
}

class progress_teller {
 public:
  progress_teller(const replay_options& options, std::vector<std::unique_ptr<worker>>& workers, std::uint64_t total)
      : options_(options), workers_(workers), began_(std::chrono::steady_clock::now()) {
    now_.records_total = total;
  }
  void tell() {
    now_.records = 0;
    now_.events = 0;
    for (const auto& each : workers_) {
      now_.records += each->records();
      now_.events += each->events();
    }
    now_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    if (options_.on_progress) options_.on_progress(now_);
  }
  [[nodiscard]] const replay_progress& now() const { return now_; }

 private:
  const replay_options& options_;
  std::vector<std::unique_ptr<worker>>& workers_;
  std::chrono::steady_clock::time_point began_;
  replay_progress now_;
};

void run_all(std::vector<std::unique_ptr<worker>>& workers, const replay_options& options, progress_teller& teller) {
  std::vector<std::thread> threads;
  for (const auto& each : workers) threads.emplace_back([&each] { each->run(); });
  const auto ended = [](const auto& each) { return each->ended(); };
  for (int rounds = 0; !std::ranges::all_of(workers, ended); ++rounds) {
    std::this_thread::sleep_for(5ms);
    const bool failed =
        std::ranges::any_of(workers, [](const auto& each) { return each->ended() && !each->outcome(); });
    if (failed || (options.cancelled && options.cancelled())) {
      for (const auto& each : workers) each->cancel();
    }
    if (rounds % 50 == 49) teller.tell();
  }
  for (auto& thread : threads) thread.join();
}

// The failure that came first counts, not the cancelling of the others that followed.
result<void> outcome_of(const std::vector<std::unique_ptr<worker>>& workers) {
  result<void> outcome;
  for (const auto& each : workers) {
    if (each->outcome()) continue;
    if (outcome || outcome.error().kind == error_kind::cancelled) outcome = each->outcome();
  }
  return outcome;
}

result<void> check_token(const event_log& log, const token& to) {
  for (const auto& part : to.positions) {
    const bool known = std::ranges::find(log.topics(), part.at.topic) != log.topics().end() && part.at.partition >= 0 &&
                       part.at.partition < log.partitions();
    if (!known) return fail(error_kind::invalid, fmt::format("{} is no position of this log", part.text()));
  }
  return {};
}

}  // namespace

result<replay_report> replay_up_to(event_log& log, const projection_list& projections, store& into,
                                   const replay_options& options, const fold_limit& limit) {
  const auto empty = check_empty(into);
  if (!empty) return std::unexpected(empty.error());
  const auto partitions = static_cast<std::size_t>(log.partitions());
  const auto threads = std::clamp<std::size_t>(options.threads, 1, partitions);
  const auto shares = log.topics().size() * partitions * (projections.size() * 2 + 1);
  std::vector<std::unique_ptr<worker>> workers;
  for (std::size_t i = 0; i < threads; ++i) {
    workers.push_back(std::make_unique<worker>(log, into, options.fold.cache_bytes / 4 / threads));
  }
  std::uint64_t total = 0;
  for (std::size_t partition = 0; partition < partitions; ++partition) {
    for (std::uint32_t topic = 0; topic < log.topics().size(); ++topic) {
      auto task = open_task(log, projections, into, {topic, static_cast<std::int32_t>(partition)}, options.fold,
                            options.fold.cache_bytes / shares, limit);
      if (!task) return std::unexpected(task.error());
      total += static_cast<std::uint64_t>(raw(task->last) + 1);
      workers[partition % threads]->add(*std::move(task));
    }
  }
  progress_teller teller(options, workers, total);
  run_all(workers, options, teller);
  const auto outcome = outcome_of(workers);
  if (!outcome) return std::unexpected(outcome.error());
  const auto flushed = into.flush();
  if (!flushed) return std::unexpected(flushed.error());
  teller.tell();
  return replay_report{.views = {}, .total = teller.now()};
}

result<replay_report> replay(event_log& log, const projection_list& projections, store& into,
                             const replay_options& options) {
  const auto valid = check_token(log, options.to);
  if (!valid) return std::unexpected(valid.error());
  auto report =
      replay_up_to(log, projections, into, options, [&](std::string_view, std::string_view, const topic_partition& at) {
        const auto named = options.to.find(at.topic, at.partition);
        return named == no_offset ? offset_t{INT64_MAX} : named;
      });
  if (!report) return report;
  const auto snapshot = into.snapshot();
  for (const auto& each : projections) {
    auto digest = digest_view(*snapshot, each->domain(), each->view());
    if (!digest) return std::unexpected(digest.error());
    auto position = folded_position(*snapshot, each->domain(), each->view());
    if (!position) return std::unexpected(position.error());
    report->views.push_back(
        {each->domain(), each->view(), digest->rows, std::move(digest->digest), *std::move(position)});
  }
  return report;
}

}  // namespace foldlog
