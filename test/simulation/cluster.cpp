#include "test/simulation/cluster.h"

#include <algorithm>
#include <tuple>

namespace foldlog::test {

using namespace std::chrono_literals;

std::optional<std::string> reply::header(std::string_view name) const {
  const auto begin = fields.find(std::string(name) + ": ");
  if (begin == std::string::npos) return std::nullopt;
  const auto value = begin + name.size() + 2;
  return fields.substr(value, fields.find("\r\n", value) - value);
}

std::string reply::problem() const {
  constexpr std::string_view start = R"({"type":"/problems/)";
  if (!body.starts_with(start)) return {};
  return body.substr(start.size(), body.find('"', start.size()) - start.size());
}

// A request and its answer on the network.
struct cluster::exchange {
  world& in;
  call what;
  reply_handler done;

  void tell(std::optional<reply> answer) {
    if (auto handler = std::exchange(done, nullptr)) handler(std::move(answer));
  }
};

cluster::cluster(world& in) : in_(in), group_(in, *this) {
  for (std::size_t i = 0; i < in.how.nodes; ++i) {
    auto& added = slots_.emplace_back();
    added.kept = std::make_unique<disk>(in.luck.fork(), in.how.faults, in.how.unsynced_writes, in.faults);
  }
  in_.records.on_growth([this](std::int32_t partition) {
    for (const auto& each : slots_) {
      if (each.running) each.running->log().grown(partition);
    }
  });
}

void cluster::start_all() {
  for (std::size_t i = 0; i < slots_.size(); ++i) start(i);
}

void cluster::start(std::size_t slot) {
  auto& here = slots_[slot];
  if (here.running) return;
  ++here.life;
  here.running = std::make_unique<node>(in_, fmt::format("node-{}.{}", slot, here.life), *here.kept, here.clock_off);
  in_.notes.note("{} starts", here.running->name());
  here.running->on_change([this, slot](std::int32_t partition) { group_.changed(slot, partition); });
  if (here.running->start()) return group_.started(slot);
  here.running.reset();  // its disk does not answer: somebody starts it again
  in_.time.after(1ms + in_.luck.delay(20ms), [this, slot] { start(slot); });
}

void cluster::crash(std::size_t slot) {
  auto& here = slots_[slot];
  if (!here.running) return;
  in_.faults.add(fault::crash);
  const auto name = here.running->name();
  here.running.reset();
  here.kept->views.crash();
  std::size_t lost = here.kept->write_model.lose_unsynced();  // it has no write-ahead log
  if (in_.fails(in_.how.faults.power_loss)) {
    lost += here.kept->views.lose_unsynced();
  }
  if (in_.fails(in_.how.faults.lost_views)) {
    in_.luck.one_in(2) ? here.kept->views.wipe() : here.kept->write_model.wipe();
  }
  if (in_.how.exclusive) {
    for (std::int32_t i = 0; i < in_.how.partitions; ++i) in_.records.settle(i, in_.luck.one_in(2));
  }
  in_.notes.note("{} dies, {} unsynced writes are lost", name, lost);
  group_.died(slot);
}

void cluster::pause(std::size_t slot, std::chrono::nanoseconds time) {
  if (!slots_[slot].running) return;
  in_.faults.add(fault::pause);
  in_.notes.note("{} pauses for {} us", slots_[slot].running->name(), time.count() / 1000);
  slots_[slot].running->pause_until(in_.time.now() + time);
}

// A claim by a node that died before it could do anything with it.
void cluster::claim_of_nobody(std::int32_t partition) {
  in_.faults.add(fault::claim_of_nobody);
  record claim;
  claim.kind = record_kind::claim;
  claim.type = claim_type;
  claim.value = R"({"node":"nobody","endpoint":""})";
  claim.epoch.nonce = static_cast<std::uint32_t>(in_.luck.bits());
  const auto* kept = in_.records.keep(claim);
  const auto place = in_.records.land(partition, {&kept, 1});
  std::ignore = in_.records.commit(partition, place.leader, place.first + 1);
  in_.notes.note("nobody claims {} at {}", partition, raw(place.first));
}

void cluster::disturb() {
  const auto& rates = in_.how.faults;
  const auto slot = in_.luck.below(slots_.size());
  auto& here = slots_[slot];
  if (!here.running) {
    if (in_.luck.one_in(3)) start(slot);
    return;
  }
  if (in_.fails(rates.crash)) return crash(slot);
  if (in_.fails(rates.pause)) pause(slot, in_.luck.delay(200ms));
  if (in_.fails(rates.outage)) {
    in_.faults.add(fault::log_away);
    const auto time = in_.luck.delay(100ms);
    in_.notes.note("the log is away from {} for {} us", here.running->name(), time.count() / 1000);
    here.running->log().be_away_until(in_.time.now() + time);
  }
  if (in_.fails(rates.clock_jump)) {
    in_.faults.add(fault::clock_jump);
    constexpr auto day_and_half = std::chrono::microseconds(36h);
    here.clock_off = std::chrono::microseconds(in_.luck.below(2 * day_and_half.count())) - day_and_half;
    here.running->clock().be_off(here.clock_off);
    in_.notes.note("the clock of {} is {} s off", here.running->name(), here.clock_off.count() / 1'000'000);
  }
  if (in_.fails(rates.ghost)) claim_of_nobody(static_cast<std::int32_t>(in_.luck.below(in_.how.partitions)));
  if (in_.how.shared && in_.fails(rates.hand_over)) group_.disturb();
}

void cluster::heal() {
  in_.log.calm = true;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].kept->views.heal();
    slots_[i].kept->write_model.heal();
    if (slots_[i].running && slots_[i].running->paused()) slots_[i].running->pause_until(in_.time.now());
    start(i);
  }
}

void cluster::leave_only(std::size_t slot) {
  if (in_.how.shared) return group_.give_all_to(slot);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (i != slot && slots_[i].running) slots_[i].running->retire();
  }
}

void cluster::send(std::size_t slot, call what, reply_handler done) {
  const auto about = std::make_shared<exchange>(exchange{in_, std::move(what), std::move(done)});
  in_.time.after(in_.luck.delay(in_.how.network_delay), [this, slot, about] { arrive(slot, about); });
  if (!in_.fails(in_.how.faults.broken_answer)) return;
  in_.faults.add(fault::answer_lost);
  in_.time.after(in_.luck.delay(20 * in_.how.network_delay), [about] { about->tell(std::nullopt); });
}

void cluster::arrive(std::size_t slot, const std::shared_ptr<exchange>& about) {
  auto* to = running(slot);
  if (to == nullptr) {
    return in_.time.after(in_.luck.delay(in_.how.network_delay), [about] { about->tell(std::nullopt); });
  }
  if (to->paused()) return in_.time.at(to->paused_until(), [this, slot, about] { arrive(slot, about); });

  // What the node drops without an answer is a broken connection for the client.
  struct guard {
    std::shared_ptr<exchange> about;
    ~guard() {
      if (about)
        about->in.time.after(about->in.luck.delay(about->in.how.network_delay),
                             [about = about] { about->tell(std::nullopt); });
    }
  };
  std::vector<bool> owned(static_cast<std::size_t>(in_.how.partitions));
  for (std::size_t i = 0; i < owned.size(); ++i)
    owned[i] = to->wished(static_cast<std::int32_t>(i)) == partition_wish::own;
  auto answer = [kept = std::make_shared<guard>(about), alive = to->alive(),
                 owned = std::move(owned)](http::response got) mutable {
    const auto about = std::exchange(kept->about, nullptr);
    auto& in = about->in;
    reply made{got.status,
               std::move(got.fields),
               std::move(got.body),
               std::move(got.stream),
               in.ends(),
               std::move(owned),
               *alive,
               alive};
    in.time.after(in.luck.delay(in.how.network_delay),
                  [about, made = std::move(made)]() mutable { about->tell(std::move(made)); });
  };
  std::vector<http::header_field> fields;
  for (const auto& [name, value] : about->what.headers) fields.push_back({name, value});
  http::request request;
  request.method = about->what.method;
  request.method_text = http::name(request.method);
  request.path = about->what.path;
  request.query = about->what.query;
  request.headers = fields;
  request.body = about->what.body;
  to->handle(request, std::move(answer));
}

}  // namespace foldlog::test
