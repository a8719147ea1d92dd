// Telling states apart.
#include <algorithm>

#include "inspector.h"
#include "world.h"

namespace foldlog::test {

fingerprint world::sum_of_log() const {
  fingerprint log;
  log.add(log_.size());
  for (const auto& one : log_) {
    log.add_nonce(one.epoch.nonce);
    log.add(static_cast<std::uint64_t>(one.kind) + (one.epoch_sequence << 8) +
            (static_cast<std::uint64_t>(one.commit_index) << 16) + (raw(one.version) << 24));
    log.add((static_cast<std::uint64_t>(command_of(one) + 1) << 8) + static_cast<std::uint64_t>(attempt_of(one) + 1));
  }
  for (const auto& each : attempts_) {
    log.add(each.size());
    for (const auto& one : each) {
      log.add(static_cast<std::uint64_t>(one.ended) + (one.ended == ending::open ? one.submitted << 8 : 0));
    }
  }
  return log;
}

digest world::sum_alone(std::size_t index) {
  auto all = sum_of_log();
  all.add(sum_of(nodes_[index], all));
  return all.sum();
}

digest world::sum() {
  auto log = sum_of_log();
  log.add((static_cast<std::uint64_t>(offers_) << 32) + (static_cast<std::uint64_t>(faults_) << 16) +
          (static_cast<std::uint64_t>(crashes_) << 8) + static_cast<std::uint64_t>(repeats_));
  log.add((static_cast<std::uint64_t>(releases_) << 8) + static_cast<std::uint64_t>(follows_));
  std::vector<digest> nodes;
  for (auto& each : nodes_) nodes.push_back(sum_of(each, log));
  std::ranges::sort(nodes);  // nodes differ in nothing but their names
  for (const auto& each : nodes) log.add(each);
  return log.sum();
}

digest world::sum_of(node& of, const fingerprint& names) const {
  auto sum = names.fresh();
  const bool may_repeat = fault_left(fault_twice);
  for (const auto& append : of.sent) {
    if (append.told && append.whole() && (append.twice || !may_repeat)) continue;
    const bool waited_for = !append.told && owner_inspector::waits_for(of.owner(), append.id);
    if (!waited_for && append.whole() && (append.twice || !may_repeat)) continue;
    sum.add(append.landed + (append.failed ? 256U : 0U) + (append.torn ? 512U : 0U) + (append.overtaken ? 1024U : 0U) +
            (append.twice ? 2048U : 0U) + (waited_for ? 4096U : 0U));
    sum.add(static_cast<std::uint64_t>(raw(append.first)));
    sum.add(static_cast<std::uint64_t>(raw(append.second)));
    for (const auto& one : append.records) {
      sum.add_epoch(one.epoch);
      sum.add(static_cast<std::uint64_t>(one.kind) + (one.epoch_sequence << 8) + (raw(one.version) << 24) +
              (static_cast<std::uint64_t>(command_of(one) + 1) << 40) +
              (static_cast<std::uint64_t>(attempt_of(one) + 1) << 48));
    }
  }
  sum.add(99);
  sum.add(of.batches.size() + (of.saving ? 100U : 0U));
  for (const auto& [place, batch] : of.batches) {
    sum.add(static_cast<std::uint64_t>(raw(place)));
    for (const auto& row : batch->rows) {
      if (row.key.front() != 'w' && row.value) sum.add(std::hash<std::string>()(row.key + *row.value));
    }
  }
  sum.add(of.reading ? static_cast<std::uint64_t>(raw(*of.reading)) : 1000U);
  owner_inspector::describe(of.owner(), sum);
  return sum.sum();
}

}  // namespace foldlog::test
