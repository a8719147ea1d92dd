#include "command/command_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <map>

#include "core/base/hash.h"
#include "core/runtime/logging.h"

namespace foldlog {

struct command_service::served {
  const category* of = nullptr;
  std::uint32_t topic = 0;
  std::vector<std::shared_ptr<partition_shell>> partitions;
};

command_service::command_service(event_log& log, store& rows, boost::asio::any_io_executor executor, clock& time,
                                 random_source random, command_service_options options)
    : log_(log),
      rows_(rows),
      executor_(std::move(executor)),
      time_(time),
      random_(std::move(random)),
      options_(std::move(options)),
      writer_(options_.make_writer(rows, executor_)),
      around_{log,
              *writer_,
              executor_,
              time,
              options_.alarm ? options_.alarm : make_alarm(executor_),
              [this](partition_id at, offset_t offset) { read_from(at, offset); },
              [this](partition_id at) { stop_reading(at); },
              [this](partition_id at) { note_change(at); }},
      alive_(std::make_shared<command_service*>(this)) {}

command_service::~command_service() { stop(); }

template <typename Work>
void command_service::call_after(std::shared_ptr<void>& timer, std::chrono::milliseconds time, Work work) {
  timer = around_.alarm(time, [weak = std::weak_ptr(alive_), work = std::move(work)]() mutable {
    const auto alive = weak.lock();
    if (alive && *alive) std::invoke(work, *alive);
  });
}

void command_service::add(const category& of) {
  const auto name = fmt::format("{}.{}", of.domain(), of.name());
  const auto found = std::ranges::find(log_.topics(), name);
  auto& made = categories_.emplace_back();
  made.of = &of;
  made.topic = static_cast<std::uint32_t>(found - log_.topics().begin());
  options_.owner.exclusive = log_.exclusive();
  for (std::int32_t partition = 0; partition < log_.partitions(); ++partition) {
    made.partitions.push_back(std::make_shared<partition_shell>(of, name, partition_id{made.topic, partition}, rows_,
                                                                options_.owner, around_, random_));
    if (options_.shared_out) made.partitions.back()->wish(partition_wish::rest);
  }
}

result<void> command_service::start() {
  for (auto& each : categories_) {
    for (auto& partition : each.partitions) {
      if (auto started = partition->start(); !started) return started;
    }
  }
  sweep();
  return {};
}

const category* command_service::find(std::string_view domain, std::string_view category_name) const {
  for (const auto& each : categories_) {
    if (each.of->name() == category_name && each.of->domain() == domain) return each.of;
  }
  return nullptr;
}

void command_service::submit(const category& of, std::unique_ptr<command> wanted) {
  const auto found = std::ranges::find(categories_, &of, &served::of);
  if (const auto health = log_.health(); !health.writable) {
    auto done = std::move(wanted->done);
    return done(*wanted, {.kind = outcome_kind::log_unavailable, .detail = "the log takes no appends at present"});
  }
  if (wanted->deadline.count() == 0) wanted->deadline = time_.monotonic() + options_.command_timeout;
  const auto partition = partition_of(wanted->stream_id, log_.partitions());
  found->partitions[static_cast<std::size_t>(partition)]->submit(std::move(wanted));
}

// ---- who owns what

partition_id command_service::place_of(const category& of, std::string_view stream_id) const {
  const auto found = std::ranges::find(categories_, &of, &served::of);
  return {found->topic, partition_of(stream_id, log_.partitions())};
}

std::vector<owned_partition> command_service::owned() const {
  std::vector<owned_partition> all;
  for (const auto& each : categories_) {
    for (const auto& partition : each.partitions) {
      const auto& owner = partition->owner();
      if (owner.phase() != owner_phase::serving || owner.leaving()) continue;
      all.push_back({{partition->topic(), partition->at().partition}, owner.epoch().offset});
    }
  }
  return all;
}

void command_service::note_change(partition_id at) {
  if (!options_.shared_out) return;
  boost::asio::post(executor_, [weak = std::weak_ptr(alive_), at] {
    const auto alive = weak.lock();
    if (!alive || !*alive) return;
    if ((*alive)->options_.changed) (*alive)->options_.changed(at);
  });
}

// ---- reading for the owners

std::vector<event_log::start> command_service::all_from_zero() const {
  std::vector<event_log::start> starts;
  for (const auto& each : categories_) {
    for (const auto& partition : each.partitions) starts.push_back({partition->at(), offset_t{0}});
  }
  return starts;
}

void command_service::read_from(partition_id at, offset_t offset) {
  if (!reader_) {
    reader_ = log_.open_reader(all_from_zero(), [weak = std::weak_ptr(alive_), executor = executor_] {
      boost::asio::post(executor, [weak] {
        if (const auto alive = weak.lock(); alive && *alive) (*alive)->pump();
      });
    });
    for (const auto& start : all_from_zero()) reader_->pause(start.at);
  }
  reader_->seek(at, offset);
  reader_->resume(at);
  if (std::ranges::find(reading_, at) == reading_.end()) reading_.push_back(at);
  pump_soon();
}

void command_service::pump_soon() {
  if (std::exchange(pump_posted_, true)) return;
  boost::asio::post(executor_, [weak = std::weak_ptr(alive_)] {
    if (const auto alive = weak.lock(); alive && *alive) {
      (*alive)->pump_posted_ = false;
      (*alive)->pump();
    }
  });
}

void command_service::stop_reading(partition_id at) {
  if (std::erase(reading_, at) > 0 && reader_) reader_->pause(at);
}

void command_service::pump() {
  if (!reader_ || stopped_) return;
  if (reading_.empty()) {
    batch_.clear();  // its records may live in the reader
    return reader_.reset();
  }
  if (const auto got = reader_->read(batch_, {.records = 8192, .bytes = 4U << 20}); !got)
    return meet_read_error(got.error());
  const bool more = !batch_.items.empty();
  deliver();
  if (more || reading_.empty()) pump_soon();  // else the ready handler calls
}

void command_service::deliver() {
  std::map<partition_id, std::vector<record>> by_partition;
  for (const auto& item : batch_.items) by_partition[{item.topic, item.partition}].push_back(item.record);
  for (const auto& [at, records] : by_partition) {
    if (std::ranges::find(reading_, at) != reading_.end()) shell(at).read(records);
  }
}

// The error does not say whose it is: each partition is read by itself, so that only the one that it belongs to meets
// it.
void command_service::meet_read_error(const error& why) {
  if (why.kind == error_kind::unavailable)
    return call_after(retry_timer_, std::chrono::milliseconds(200), &command_service::pump);
  const auto readers = reading_;
  for (const auto at : readers) reader_->pause(at);
  for (const auto at : readers) {
    reader_->resume(at);
    const auto got = reader_->read(batch_, {.records = 8192, .bytes = 4U << 20});
    reader_->pause(at);
    if (got)
      deliver();
    else
      shell(at).read_failed(got.error());
  }
  for (const auto at : reading_) reader_->resume(at);
  pump_soon();
}

partition_shell& command_service::shell(partition_id at) {
  return *std::ranges::find(categories_, at.topic, &served::topic)->partitions[static_cast<std::size_t>(at.partition)];
}

void command_service::sweep() {
  for (auto& each : categories_) {
    for (auto& partition : each.partitions) {
      partition->tick();
      if (options_.shared_out) partition->apply();  // what could not be done before
    }
  }
  call_after(sweep_timer_, std::chrono::milliseconds(100), &command_service::sweep);
}

// ---- state

bool command_service::ready(std::string& why) const {
  if (const auto health = log_.health(); !health.writable) {
    why = health.reason;
    return false;
  }
  for (const auto& each : categories_) {
    for (const auto& partition : each.partitions) {
      const auto phase = partition->owner().phase();
      if (partition->wished() != partition_wish::own) continue;
      if (phase == owner_phase::serving || phase == owner_phase::checking) continue;
      why = fmt::format("{}/{} is {}: {}", partition->topic(), partition->at().partition, name(phase),
                        partition->owner().reason());
      return false;
    }
  }
  return true;
}

std::vector<command_service::partition_state> command_service::partitions() const {
  std::vector<partition_state> states;
  for (const auto& each : categories_) {
    for (const auto& partition : each.partitions) {
      const auto& owner = partition->owner();
      const bool serves = owner.phase() == owner_phase::serving;
      states.push_back({.topic = partition->topic(),
                        .partition = partition->at().partition,
                        .owner = serves ? options_.owner.node : std::string(),
                        .epoch = owner.epoch().text(),
                        .end_offset = log_.end_offset(partition->at()).value_or(offset_t{0}),
                        .state = std::string(name(owner.phase())),
                        .reason = std::string(owner.reason()),
                        .shared = false,
                        .standby = {}});
    }
  }
  return states;
}

owner_counters command_service::counters() const {
  owner_counters sum;
  for (const auto& each : categories_) {
    for (const auto& partition : each.partitions) {
      const auto& one = partition->owner().counters();
      sum.accepted_commits += one.accepted_commits;
      sum.void_records += one.void_records;
      sum.claims += one.claims;
      sum.proofs += one.proofs;
      sum.deposed += one.deposed;
    }
  }
  return sum;
}

std::optional<std::int64_t> command_service::log_time_us() const {
  std::optional<std::int64_t> oldest;
  for (const auto& each : categories_) {
    for (const auto& partition : each.partitions) {
      const bool serves = partition->owner().phase() == owner_phase::serving;
      if (partition->wished() == partition_wish::own && !serves) return std::nullopt;
      const auto time_us = partition->owner().place().log_time_us;
      if (time_us != 0) oldest = std::min(oldest.value_or(time_us), time_us);
    }
  }
  return oldest;
}

// ---- the end

void command_service::drain(std::chrono::milliseconds within, std::function<void()> done) {
  for (auto& each : categories_) {
    for (auto& partition : each.partitions) partition->retire();
  }
  check_drained(time_.monotonic() + within, std::move(done));
}

void command_service::check_drained(std::chrono::nanoseconds until, std::function<void()> done) {
  bool drained = true;
  for (auto& each : categories_) {
    for (auto& partition : each.partitions) {
      if (!partition->idle())
        drained = false;
      else if (!partition->clean())
        partition->save();
      drained = drained && partition->clean();
    }
  }
  if (drained || time_.monotonic() >= until) return done();
  call_after(
      drain_timer_, std::chrono::milliseconds(5),
      [until, done = std::move(done)](command_service* self) mutable { self->check_drained(until, std::move(done)); });
}

void command_service::stop() {
  if (std::exchange(stopped_, true)) return;
  *alive_ = nullptr;
  sweep_timer_.reset();
  retry_timer_.reset();
  drain_timer_.reset();
  for (auto& each : categories_) {
    for (auto& partition : each.partitions) partition->stop();
  }
  writer_->stop();
  batch_.clear();
  reader_.reset();
}

}  // namespace foldlog
