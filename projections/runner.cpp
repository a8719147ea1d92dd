#include "projections/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/fail_point.h"
#include "core/base/planted.h"
#include "core/runtime/logging.h"

namespace foldlog {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t records_per_batch_max = 49152;  // below stream_versions::generation_max, with one read to spare
constexpr std::size_t dirty_bytes_max = 32U << 20;
constexpr auto live_work_max = 40ms;
constexpr auto behind_work_max = 500ms;
constexpr std::int64_t far_behind = 50'000;  // records
constexpr std::int64_t no_longer_running = 10'000;
constexpr double rate_window_seconds = 2;

}  // namespace

// One partition: its fold, and the handles of its views in progress.
struct runner::entry {
  struct published {
    progress::handle handle{};
    std::uint64_t events = 0;
    double rate = 0;
    bool first = true;
    bool halted = false;
    fold_state state = fold_state::catching_up;

    // The events of a second, smoothed over about the last two.
    void follow(std::uint64_t events_now, double seconds) {
      if (!first && seconds > 0 && events_now >= events) {
        const double lately = static_cast<double>(events_now - events) / seconds;
        rate += (lately - rate) * (1 - std::exp(-seconds / rate_window_seconds));
      }
      first = false;
      events = events_now;
    }
  };
  partition_id id;
  topic_partition at;
  std::unique_ptr<partition_fold> fold;
  std::vector<published> views;
  bool resting = false;  ///< not read any more: all its views are halted
};

runner::runner(event_log& log, store& into, projection_list projections, foldlog::progress& progress, const clock& time,
               runner_options options)
    : log_(log),
      store_(into),
      projections_(std::move(projections)),
      progress_(progress),
      clock_(time),
      options_(std::move(options)),
      batch_(into.make_batch()) {
  auto chosen = options_.partitions;
  if (chosen.empty()) {
    for (std::uint32_t topic = 0; topic < log_.topics().size(); ++topic) {
      for (std::int32_t i = 0; i < log_.partitions(); ++i) chosen.push_back({topic, i});
    }
  }
  by_place_.resize(log_.topics().size() * static_cast<std::size_t>(log_.partitions()));
  for (const auto id : chosen) {
    auto& added = *entries_.emplace_back(std::make_unique<entry>());
    added.id = id;
    added.at = {log_.topics().at(id.topic), id.partition};
    by_place_.at(id.topic * static_cast<std::size_t>(log_.partitions()) + static_cast<std::size_t>(id.partition)) =
        &added;
    const auto domain = added.at.topic.substr(0, added.at.topic.find('.'));
    for (const auto& each : projections_) {
      if (each->topic() == added.at.topic)
        added.views.push_back({.handle = progress_.add(domain, each->view(), added.at)});
    }
    if (options_.fold.stream_table) {
      added.views.push_back({.handle = progress_.add(domain, view_layout::stream_view, added.at)});
    }
  }
}

runner::~runner() = default;

result<runner::step> runner::fold_some() {
  auto done = try_fold();
  const std::lock_guard lock(health_mutex_);
  if (!done && health_.reason != done.error().text) {
    log(log_level::error, "folding waits", {{"reason", done.error().text}});
  }
  if (done && !health_.working) log(log_level::info, "folding goes on");
  health_ = done ? runner_health{} : runner_health{false, done.error().text};
  return done;
}

runner_health runner::health() const {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

result<runner::step> runner::try_fold() {
  if (!open_) {
    const auto opened = open();
    if (!opened) return std::unexpected(opened.error());
  }
  step done;
  result<void> read;
  if (!unwritten_) read = read_all(done);
  if (!open_) return std::unexpected(read.error());
  if (done.records > 0 || unwritten_) {
    const auto wrote = write();
    if (!wrote) return std::unexpected(wrote.error());
  }
  publish();
  if (!read) return std::unexpected(read.error());
  return done;
}

result<void> runner::open() {
  std::size_t parts = 1;
  for (const auto& each : entries_) parts += each->views.size();
  const auto share = options_.fold.cache_bytes / parts;
  for (const auto& each : entries_) {
    auto fold = partition_fold::open(store_, projections_, each->id, each->at, options_.fold, share);
    if (!fold) return std::unexpected(fold.error());
    const auto end = log_.query_end_offset(each->id);
    if (!end) return std::unexpected(end.error());
    each->fold = *std::move(fold);
    each->fold->check_end(*end);
    std::ignore = each->fold->begin();
    each->resting = false;
  }
  batch_->clear();
  open_reader();
  open_ = true;
  return {};
}

void runner::open_reader() {
  std::vector<event_log::start> starts;
  for (const auto& each : entries_) {
    each->resting = each->fold->idle();
    if (!each->resting) starts.push_back({each->id, each->fold->next()});
  }
  reader_ = log_.open_gathering_reader(std::move(starts), ready_ ? ready_ : [] {});
}

result<void> runner::read_all(step& done) {
  const auto began = clock_.monotonic();
  const auto work_max = records_behind() > far_behind ? behind_work_max : live_work_max;
  for (;;) {
    const auto read = reader_->read(records_, read_limits{});
    if (!read) {
      return read.error().kind == error_kind::damaged ? isolate_damage(read.error()) : std::unexpected(read.error());
    }
    if (records_.items.empty()) {
      done.caught_up = true;
      return {};
    }
    done.records += records_.items.size();
    const auto taken = take_batch();
    if (!taken) {
      give_up();
      return taken;
    }
    rest_idle_partitions();
    std::size_t dirty = batch_->bytes();
    for (const auto& each : entries_) dirty += each->fold->dirty_bytes();
    const bool enough = done.records >= records_per_batch_max || dirty >= dirty_bytes_max;
    if (enough || clock_.monotonic() - began >= work_max) return {};
  }
}

result<void> runner::take_batch() {
  for (const auto& item : records_.items) {
    auto* fold = find(item.topic, item.partition);
    if (fold == nullptr || fold->idle()) continue;
    const auto taken = fold->take(item.record, *batch_);
    if (!taken) return taken;
  }
  return {};
}

// The log cannot decode a record of some partition: find which, halt it there, read on without it.
result<void> runner::isolate_damage(const error& met) {
  bool found = false;
  for (const auto& each : entries_) {
    if (each->fold->idle()) continue;
    const auto alone = log_.open_reader({{each->id, each->fold->next()}}, [] {});
    record_batch first;
    const auto read = alone->read(first, {.records = 1, .bytes = 1});
    if (read || read.error().kind != error_kind::damaged) continue;
    each->fold->halt(each->fold->next(), fmt::format("damaged: {}/{}@{}: {}", each->at.topic, each->at.partition,
                                                     raw(each->fold->next()), read.error().text));
    found = true;
  }
  open_reader();
  if (found) return {};
  return std::unexpected(met);
}

void runner::rest_idle_partitions() {
  for (const auto& each : entries_) {
    if (each->resting || !each->fold->idle()) continue;
    each->resting = true;
    reader_->pause(each->id);
  }
}

result<void> runner::write() {
  if (!unwritten_) {
    for (const auto& each : entries_) each->fold->write(*batch_);
    unwritten_ = true;
  }
  fail_point("views-before-write");
  const auto wrote = store_.write(*batch_);
  fail_point("views-after-write");
  if (!wrote) return wrote;
  unwritten_ = false;
  batch_->clear();
  if (planted(defect::checkpoint_outside_batch)) {
    for (const auto& each : entries_) each->fold->write_checkpoints(*batch_);
    if (auto second = store_.write(*batch_); !second) return give_up(), second;
    batch_->clear();
  }
  for (const auto& each : entries_) each->fold->written();
  return {};
}

// What was gathered is forgotten; the next step begins again at the checkpoints in the store.
void runner::give_up() {
  open_ = false;
  reader_.reset();
  batch_->clear();
  unwritten_ = false;
}

void runner::publish() {
  const auto now = clock_.monotonic();
  const double seconds = std::chrono::duration<double>(now - published_at_).count();
  for (const auto& each : entries_) {
    if (each->fold) publish(*each, seconds);
  }
  published_at_ = now;
}

void runner::publish(entry& each, double seconds) {
  const auto known_end = log_.end_offset(each.id);
  const auto wall = clock_.now().time_since_epoch().count();
  for (std::size_t i = 0; i < each.views.size(); ++i) {
    const auto& view = each.fold->views()[i];
    auto& last = each.views[i];
    const auto end = std::max(known_end.value_or(view.saved_next), view.saved_next);
    const auto lag = raw(end) - raw(view.saved_next);
    last.follow(view.folded.events, seconds);
    if (lag == 0) last.state = fold_state::running;
    if (lag > no_longer_running) last.state = fold_state::catching_up;
    progress_.update(last.handle, [&](progress::entry& entry) {
      entry.folded = view.saved_next - 1;
      entry.end = end;
      entry.events_per_second = last.rate;
      entry.behind_us = lag == 0 ? 0 : std::max<std::int64_t>(0, wall - view.folded.last_event_time_us);
      entry.state = view.halted ? fold_state::halted : last.state;
      entry.reason = view.reason;
    });
    if (view.halted && !last.halted) {
      log(log_level::error, "a view is halted",
          {{"view", view.view}, {"topic", each.at.topic}, {"partition", each.at.partition}, {"reason", view.reason}});
    }
    last.halted = view.halted;
  }
}

std::int64_t runner::records_behind() const {
  std::int64_t behind = 0;
  for (const auto& each : entries_) {
    if (each->resting) continue;
    const auto end = log_.end_offset(each->id);
    if (end) behind += std::max<std::int64_t>(0, raw(*end) - raw(each->fold->next()));
  }
  return behind;
}

partition_fold* runner::find(std::uint32_t topic, std::int32_t partition) {
  const auto* found =
      by_place_.at(topic * static_cast<std::size_t>(log_.partitions()) + static_cast<std::size_t>(partition));
  return found == nullptr ? nullptr : found->fold.get();
}

}  // namespace foldlog
