#include "test/simulation/sim_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace foldlog::test {

sim_reader::sim_reader(sim_log& log, std::vector<event_log::start> starts, ready_handler ready)
    : log_(&log), log_alive_(log.alive_), ready_(std::move(ready)), alive_(std::make_shared<sim_reader*>(this)) {
  for (const auto& [at, from] : starts) places_.push_back({at, from});
  log.readers_.push_back(this);
}

sim_reader::~sim_reader() {
  *alive_ = nullptr;
  if (*log_alive_) std::erase(log_->readers_, this);
}

sim_reader::place& sim_reader::find(partition_id at) { return *std::ranges::find(places_, at, &place::at); }

bool sim_reader::has_more(const place& here) const {
  return !here.paused && here.next < log_->world_.records.end(here.at.partition);
}

result<void> sim_reader::read(record_batch& into, const read_limits& limits) {
  into.clear();
  waits_ = false;
  auto& world = log_->world_;
  if (log_->away() || log_->fails(world.how.faults.read_error, fault::read_error)) {
    return fail(error_kind::unavailable, "the log cannot be read at present");
  }
  if (!places_.empty() && !log_->fails(world.how.faults.empty_read, fault::empty_read)) {
    const auto first = world.luck.below(places_.size());
    auto left = std::min<std::size_t>(limits.records, 1 + world.luck.below(world.how.batch_records));
    for (std::size_t i = 0; i < places_.size() && left > 0; ++i) {
      auto& here = places_[(first + i) % places_.size()];
      if (here.paused) continue;
      const auto before = into.items.size();
      if (auto taken = take(here, into, left); !taken) {
        if (into.items.empty()) return taken;
        break;
      }
      left -= into.items.size() - before;
    }
  }
  if (into.items.empty()) {
    waits_ = true;
    if (std::ranges::any_of(places_, [this](const place& here) { return has_more(here); })) call_later();
  }
  return {};
}

result<void> sim_reader::take(place& here, record_batch& into, std::size_t most) {
  const auto& records = log_->world_.records;
  const auto partition = here.at.partition;
  for (std::size_t i = 0; i < most && here.next < records.end(partition); ++i) {
    if (!records.readable(partition, here.next)) {
      if (i > 0) return {};
      return fail(error_kind::damaged,
                  fmt::format("the record at offset {} does not match its checksum", raw(here.next)));
    }
    into.items.push_back({here.at.topic, partition, records.at(partition, here.next)});
    here.next = next(here.next);
  }
  return {};
}

void sim_reader::grown(std::int32_t partition) {
  if (!waits_) return;
  const bool mine = std::ranges::any_of(places_, [&](const place& here) { return here.at.partition == partition; });
  if (mine) call_later();
}

void sim_reader::call_later() {
  waits_ = false;
  auto& world = log_->world_;
  world.time.after(world.luck.delay(world.how.log_delay), [reader = alive_] {
    if (*reader) (*reader)->ready_();
    if (*reader) (*reader)->log_->turn_();
  });
}

}  // namespace foldlog::test
