#include "test/simulation/sim_group.h"

#include "test/simulation/cluster.h"

namespace foldlog::test {

using namespace std::chrono_literals;

sim_group::sim_group(world& in, cluster& nodes) : in_(in), nodes_(nodes) {
  if (!in.how.shared) return;
  for (std::int32_t i = 0; i < in.how.partitions; ++i)
    shares_.push_back(
        {.holder = in.luck.below(in.how.nodes), .next = {}, .stands_by = std::vector<bool>(in.how.nodes)});
}

partition_wish sim_group::wish(std::size_t slot, std::int32_t partition) const {
  const auto& share = shares_[static_cast<std::size_t>(partition)];
  if (share.holder == slot && !share.next) return partition_wish::own;
  return share.stands_by[slot] ? partition_wish::stand_by : partition_wish::rest;
}

// ---- what nodes do

// A node that has not heard of the group yet may take everything: an earlier run of it may be all there was.
void sim_group::started(std::size_t slot) {
  const bool takes_all = !shares_.empty() && !in_.calm() && in_.luck.one_in(4);
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(shares_.size()); ++i) {
    if (takes_all) nodes_.running(slot)->wish(i, partition_wish::own);
    tell(slot, i, in_.luck.delay(takes_all ? 50ms : in_.how.network_delay));
  }
}

// It is missed after a while, unless it is back by then.
void sim_group::died(std::size_t slot) {
  if (shares_.empty()) return;
  in_.time.after(in_.luck.delay(200ms), [this, slot, life = nodes_.life(slot)] {
    if (nodes_.life(slot) != life) return;
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(shares_.size()); ++i) {
      if (of(i).holder == slot) take(i, of(i).next.value_or(in_.luck.below(nodes_.size())));
    }
  });
}

void sim_group::changed(std::size_t slot, std::int32_t partition) {
  auto& share = of(partition);
  auto* holder = nodes_.running(slot);
  if (share.holder != slot || !share.next || holder == nullptr) return;
  if (holder->wished(partition) == partition_wish::own || !holder->rests(partition)) return;
  share.holder = *std::exchange(share.next, std::nullopt);
  in_.notes.note("{} has left {}, {} is named", slot, partition, share.holder);
  tell(share.holder, partition, in_.luck.delay(in_.how.network_delay));
}

// ---- what the group does

void sim_group::disturb() {
  const auto partition = static_cast<std::int32_t>(in_.luck.below(shares_.size()));
  const auto slot = in_.luck.below(nodes_.size());
  switch (in_.luck.below(4)) {
    case 0:
      of(partition).stands_by[slot].flip();
      in_.notes.note("{} stands by for {}: {}", slot, partition, bool(of(partition).stands_by[slot]));
      return tell(slot, partition, in_.luck.delay(in_.how.network_delay));
    case 1:
      return take(partition, slot);
    default:
      return hand_over(partition, slot);
  }
}

void sim_group::hand_over(std::int32_t partition, std::size_t to) {
  auto& share = of(partition);
  if (share.holder == to && !share.next) return;
  in_.faults.add(fault::planned_hand_over);
  in_.notes.note("{} is to go from {} to {}", partition, share.holder, to);
  share.next = to;
  if (share.holder == to) share.next.reset();  // it keeps what it was about to leave
  tell(share.holder, partition, in_.luck.delay(in_.how.network_delay));
}

void sim_group::take(std::int32_t partition, std::size_t to) {
  auto& share = of(partition);
  const auto from = std::exchange(share.holder, to);
  share.next.reset();
  in_.faults.add(fault::partition_taken);
  in_.notes.note("{} is taken from {} and given to {}", partition, from, to);
  tell(to, partition, in_.luck.delay(in_.how.network_delay));
  if (from != to) tell(from, partition, in_.luck.delay(100ms), true);
}

void sim_group::give_all_to(std::size_t slot) {
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(shares_.size()); ++i) hand_over(i, slot);
}

void sim_group::tell(std::size_t slot, std::int32_t partition, std::chrono::nanoseconds after, bool lost) {
  in_.time.after(after, [this, slot, partition, lost] { hear(slot, partition, lost); });
}

void sim_group::hear(std::size_t slot, std::int32_t partition, bool lost) {
  auto* by = nodes_.running(slot);
  if (by == nullptr) return;  // when it starts again it is told
  if (by->paused())
    return in_.time.at(by->paused_until(), [this, slot, partition, lost] { hear(slot, partition, lost); });
  const auto now = wish(slot, partition);
  if (lost && now != partition_wish::own) by->drop(partition);
  if (now == partition_wish::stand_by) in_.faults.add(fault::stand_by);
  by->wish(partition, now);
  changed(slot, partition);
}

bool sim_group::settled() const {
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(shares_.size()); ++i) {
    for (std::size_t slot = 0; slot < nodes_.size(); ++slot) {
      const auto* each = nodes_.running(slot);
      if (each == nullptr || shares_[static_cast<std::size_t>(i)].next || each->wished(i) != wish(slot, i))
        return false;
      if (wish(slot, i) != partition_wish::own && !each->rests(i)) return false;
    }
  }
  return true;
}

}  // namespace foldlog::test
