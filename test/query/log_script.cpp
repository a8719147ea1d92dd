#include "test/query/log_script.h"

#include <fmt/format.h>

#include "core/base/hash.h"

namespace foldlog::test {
namespace {

constexpr timestamp written_at{std::chrono::microseconds{1'795'253'400'123'456}};  // 2026-11-21T09:30:00.123456Z

}  // namespace

std::int32_t log_script::partition(std::string_view id) const { return partition_of(id, log_.partitions()); }

offset_t log_script::write(std::int32_t partition, const std::vector<record>& records) {
  const partition_id to{0, partition};
  const auto first = *log_.end_offset(to);
  log_.append(to, records, [](append_result) {});
  return first;
}

offset_t log_script::claim(std::int32_t partition) {
  auto& owner = owners_[static_cast<std::size_t>(partition)];
  record claim;
  claim.kind = record_kind::claim;
  claim.type = claim_type;
  claim.value = "{}";
  claim.time = written_at;
  claim.epoch.nonce = ++nonce_;
  const auto at = write(partition, {claim});
  owner.before = owner.epoch;
  owner.epoch = {at, nonce_};
  owner.sequence = 0;
  owner.claimed = true;
  return at;
}

std::vector<record> log_script::next_commit(const std::string& id, std::initializer_list<std::string_view> events) {
  auto& owner = owners_[static_cast<std::size_t>(partition(id))];
  if (!owner.claimed) claim(partition(id));
  std::vector<record> records;
  for (const auto event : events) {
    auto& next = records.emplace_back();
    next.kind = record_kind::event;
    next.time = written_at;
    next.key = texts_.emplace_back(id);
    next.type = texts_.emplace_back(fmt::format("bank.{}.v1", event));
    next.version = version_t{++versions_[id]};
    next.value = texts_.emplace_back(fmt::format(R"({{"n":{}}})", raw(next.version)));
    next.epoch = owner.epoch;
    next.epoch_sequence = owner.sequence++;
    next.commit_index = static_cast<std::uint32_t>(records.size() - 1);
    next.commit_count = static_cast<std::uint32_t>(events.size());
    next.command_id = texts_.emplace_back(fmt::format("c-{}", raw(next.version)));
    next.correlation_id = next.command_id;
  }
  return records;
}

offset_t log_script::commit(const std::string& id, std::initializer_list<std::string_view> events) {
  const auto records = next_commit(id, events);
  auto at = write(partition(id), records);
  for (const auto& each : records) {
    events_.push_back({partition(id), at, id, raw(each.version), std::string(each.type)});
    at = next(at);
  }
  return at - 1;
}

offset_t log_script::doubled_commit(const std::string& id, std::initializer_list<std::string_view> events) {
  log_.fail_append(1, append_fault::doubled);
  const auto last = commit(id, events);
  log_.heal();
  return last;
}

void log_script::open_commit(const std::string& id) {
  auto records = next_commit(id, {"DepositMade", "OverdraftEnded"});
  versions_[id] -= 2;  // nobody accepts them
  records.pop_back();
  write(partition(id), records);
}

void log_script::stale_event(const std::string& id) {
  auto& owner = owners_[static_cast<std::size_t>(partition(id))];
  auto records = next_commit(id, {"DepositMade"});
  --versions_[id];
  --owner.sequence;
  records[0].epoch = owner.before.offset == no_offset ? epoch_id{offset_t{0}, 1} : owner.before;
  write(partition(id), records);
}

void log_script::proof(std::int32_t partition) {
  auto& owner = owners_[static_cast<std::size_t>(partition)];
  record proof;
  proof.kind = record_kind::proof;
  proof.type = proof_type;
  proof.value = "{}";
  proof.time = written_at;
  proof.epoch = owner.epoch;
  proof.epoch_sequence = owner.sequence++;
  write(partition, {proof});
}

void log_script::refusal(const std::string& id) {
  auto records = next_commit(id, {"DepositMade"});
  --versions_[id];
  records[0].kind = record_kind::refusal;
  records[0].type = refusal_type;
  records[0].version = version_t{0};
  write(partition(id), records);
}

void log_script::damage(std::int32_t partition) {
  auto& owner = owners_[static_cast<std::size_t>(partition)];
  record broken;
  broken.kind = record_kind::event;
  broken.type = "bank.DepositMade.v1";
  broken.key = "broken";
  broken.value = "{}";
  broken.version = version_t{1};
  broken.epoch = owner.epoch;
  broken.epoch_sequence = owner.sequence++;
  broken.commit_index = 1;
  broken.commit_count = 2;
  write(partition, {broken});
}

}  // namespace foldlog::test
