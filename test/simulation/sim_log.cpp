#include "test/simulation/sim_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "test/simulation/sim_reader.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;

enum class fate : std::uint8_t { lands, refused, lost, written, late, partial, doubled, misreported };

append_result unknown(std::string_view why) {
  return {append_status::unknown, no_offset, false, {error_kind::unknown, std::string(why)}};
}

}  // namespace

struct sim_log::sending {
  std::uint64_t number = 0;
  std::int32_t partition = 0;
  std::vector<const kept_record*> records;
  fate how = fate::lands;
  bool told = false;
};

sim_log::sim_log(log_world& world, std::string node, boost::asio::any_io_executor executor, std::function<void()> turn)
    : world_(world),
      node_(std::move(node)),
      executor_(std::move(executor)),
      turn_(std::move(turn)),
      free_at_(static_cast<std::size_t>(world.records.partitions())),
      alive_(std::make_shared<sim_log*>(this)) {}

sim_log::~sim_log() { *alive_ = nullptr; }

void sim_log::choose_fate(sending& append) {
  const auto& rates = world_.how.faults;
  if (world_.calm) return;
  if (away()) {
    append.how = world_.luck.one_in(2) ? fate::refused : fate::lost;
    world_.faults.add(append.how == fate::refused ? fault::append_refused : fault::append_lost);
    return;
  }
  struct choice {
    fate how;
    std::uint32_t rate;
    fault kind;
  };
  const std::array all{choice{fate::refused, rates.refused, fault::append_refused},
                       choice{fate::lost, rates.lost, fault::append_lost},
                       choice{fate::written, rates.written, fault::append_unknown_but_there},
                       choice{fate::late, rates.late, fault::append_late},
                       choice{fate::partial, rates.partial, fault::append_partial},
                       choice{fate::doubled, rates.doubled, fault::append_doubled},
                       choice{fate::misreported, rates.misreported, fault::append_misreported}};
  for (const auto& [how, rate, kind] : all) {
    if (!fails(rate, kind)) continue;
    append.how = how;
    return;
  }
}

void sim_log::append(partition_id to, std::span<const record> records, append_handler done) {
  const auto sent = std::make_shared<sending>();
  sent->number = next_++;
  sent->partition = to.partition;
  for (const auto& each : records) sent->records.push_back(world_.records.keep(each));
  pending_.emplace(sent->number, std::move(done));
  choose_fate(*sent);
  ++world_.appends;
  world_.notes.note("{} appends {} records to {} (append {}, fate {})", node_, records.size(), to.partition,
                    sent->number, static_cast<int>(sent->how));
  const auto most = world_.how.log_delay;
  switch (sent->how) {
    case fate::refused:
      return tell(sent, {append_status::refused, no_offset, false, {error_kind::unavailable, "refused"}},
                  world_.luck.delay(most));
    case fate::lost:
      return tell(sent, unknown("lost"), world_.luck.delay(4 * most));
    case fate::partial: {
      auto& left = sent->records;
      if (world_.luck.one_in(2)) {
        left.resize(world_.luck.below(left.size()));
      } else {
        std::erase_if(left, [this](const auto*) { return world_.luck.one_in(3); });
      }
      tell(sent, unknown("partly written"), world_.luck.delay(4 * most));
      break;
    }
    case fate::written:
    case fate::late:
      tell(sent, unknown("timed out"), world_.luck.delay(4 * most));
      break;
    default:
      break;
  }
  ++world_.landing;
  auto& free_at = free_at_[static_cast<std::size_t>(to.partition)];
  auto lands_at = std::max(world_.time.now() + world_.luck.delay(most), free_at);
  if (sent->how == fate::late) {
    lands_at += world_.luck.delay(50 * most);
  } else {
    free_at = lands_at;
  }
  world_.time.at(lands_at, [log = alive_, world = &world_, sent] {
    // The network knows nothing of the node's life: only its answers find nobody.
    if (*log) return (*log)->send(sent);
    --world->landing;
    if (world->how.exclusive) return;  // its only writer is gone
    const auto place = world->records.land(sent->partition, sent->records);
    world->time.after(world->luck.delay(world->how.log_delay), [world, sent, place] {
      std::ignore = world->records.commit(sent->partition, place.leader,
                                          place.first + static_cast<std::int64_t>(sent->records.size()));
    });
  });
}

// Lands, is replicated, is told.
void sim_log::send(const std::shared_ptr<sending>& append) {
  --world_.landing;
  const auto place = world_.records.land(append->partition, append->records);
  const auto count = static_cast<std::int64_t>(append->records.size());
  auto end = place.first + count;
  world_.notes.note("append {} of {} lands at {}/{}", append->number, node_, append->partition, raw(place.first));
  auto reported = place.first;
  bool consecutive = true;
  if (append->how == fate::doubled) {
    if (world_.luck.one_in(2)) {
      const auto again = world_.records.land(append->partition, append->records);
      end = again.first + count;
      if (world_.luck.one_in(2)) reported = again.first;
    } else {
      world_.time.after(world_.luck.delay(50 * world_.how.log_delay), [world = &world_, append] {
        const auto again = world->records.land(append->partition, append->records);
        std::ignore = world->records.commit(append->partition, again.leader,
                                            again.first + static_cast<std::int64_t>(append->records.size()));
      });
    }
  }
  if (append->how == fate::misreported) {
    const auto kind = world_.luck.below(4);
    if (kind == 0) reported = no_offset;
    if (kind == 1) reported = offset_t{0};
    if (kind == 2) reported = reported + 1 + static_cast<std::int64_t>(world_.luck.below(3));
    if (kind == 3 || reported == place.first) consecutive = false;
  }
  if (!world_.how.exclusive && fails(world_.how.faults.truncated, fault::leader_lost)) {
    world_.time.after(world_.luck.delay(world_.how.log_delay), [world = &world_, partition = append->partition] {
      const auto gone = world->records.truncate(partition);
      world->notes.note("the leader of {} goes with {} records", partition, gone);
    });
  }
  world_.time.after(world_.luck.delay(world_.how.log_delay), [log = alive_, world = &world_, append, place, end,
                                                              reported, consecutive] {
    const bool stands = world->records.commit(append->partition, place.leader, end);
    if (!*log) return;
    auto wait = world->luck.delay(world->how.log_delay);
    if ((*log)->fails(world->how.faults.slow, fault::append_slow))
      wait += world->luck.one_in(2) ? world->luck.delay(60 * world->how.log_delay) : world->luck.delay(400ms);
    if (!stands) return (*log)->tell(append, unknown("the leader went"), wait);
    (*log)->tell(append, {append_status::acknowledged, reported, consecutive, {}}, wait);
  });
}

void sim_log::tell(const std::shared_ptr<sending>& append, append_result outcome, std::chrono::nanoseconds wait) {
  if (std::exchange(append->told, true)) return;
  world_.time.after(wait, [log = alive_, number = append->number, outcome = std::move(outcome)]() mutable {
    if (*log) (*log)->finish(number, std::move(outcome));
  });
}

void sim_log::finish(std::uint64_t number, append_result outcome) {
  const auto found = pending_.find(number);
  if (found == pending_.end()) return;
  world_.notes.note("append {} of {} is told: {} at {}", number, node_, static_cast<int>(outcome.status),
                    raw(outcome.first));
  boost::asio::post(executor_, [done = std::move(found->second), outcome = std::move(outcome)]() mutable {
    done(std::move(outcome));
  });
  pending_.erase(found);
  turn_();
}

std::unique_ptr<log_reader> sim_log::open_reader(std::vector<start> starts, ready_handler ready) {
  return std::make_unique<sim_reader>(*this, std::move(starts), std::move(ready));
}

void sim_log::grown(std::int32_t partition) {
  for (auto* reader : std::vector(readers_)) reader->grown(partition);
}

result<record_batch> sim_log::range(partition_id from, offset_t first, offset_t last) {
  if (away() || fails(world_.how.faults.read_error, fault::read_error))
    return fail(error_kind::unavailable, "the log cannot be read");
  if (last >= world_.records.end(from.partition)) {
    return fail(error_kind::damaged, fmt::format("the log ends before offset {}", raw(last)));
  }
  record_batch found;
  for (auto offset = first; offset <= last; offset = next(offset)) {
    if (!world_.records.readable(from.partition, offset)) {
      return fail(error_kind::damaged, fmt::format("the record at offset {} does not match its checksum", raw(offset)));
    }
    found.items.push_back({from.topic, from.partition, world_.records.at(from.partition, offset)});
  }
  return found;
}

void sim_log::fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) {
  if (world_.luck.one_in(2)) return done(range(from, first, last));
  boost::asio::post(executor_, [log = alive_, from, first, last, done = std::move(done)]() mutable {
    if (*log) done((*log)->range(from, first, last));
  });
  turn_();
}

result<offset_t> sim_log::end_offset(partition_id of) const { return world_.records.end(of.partition); }

result<offset_t> sim_log::query_end_offset(partition_id of) {
  if (away() || fails(world_.how.faults.read_error, fault::read_error))
    return fail(error_kind::unavailable, "the log does not answer");
  return world_.records.end(of.partition);
}

log_health sim_log::health() const {
  const bool known = away() && away_until_ - world_.time.now() > world_.how.log_delay;
  return {!known, !known, known ? "the brokers are away" : ""};
}

}  // namespace foldlog::test
