#include "test/simulation/truth.h"

#include <fmt/format.h>

#include <algorithm>

namespace foldlog::test {
namespace {

bool same_events(const std::vector<record>& commit, const std::vector<model_event>& due) {
  return std::ranges::equal(commit, due, [](const record& is, const model_event& was) {
    return is.type == was.type && is.value == was.data;
  });
}

std::string describe(const record& seen) {
  return fmt::format("{}/{} {} {} (command {})", seen.key, raw(seen.version), seen.type, seen.value, seen.command_id);
}

}  // namespace

std::uint64_t stream_truth::version_at(offset_t reached) const {
  auto version = this->version();
  while (version > 0 && moments[version].at > reached) --version;
  return version;
}

const stream_truth* truth::find(const std::string& id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

std::uint64_t truth::version(const std::string& id) const {
  const auto* found = find(id);
  return found == nullptr ? 0 : found->version();
}

std::vector<const accepted_commit*> truth::commits(const std::string& stream, const std::string& id) const {
  const auto found = by_id_.find({stream, id});
  return found == by_id_.end() ? std::vector<const accepted_commit*>{} : found->second;
}

// Which records count: API.md section 3.
void truth::see(std::int32_t partition, const record& seen) {
  auto& in = partitions_[static_cast<std::size_t>(partition)];
  if (in.halted) return;
  if (seen.kind == record_kind::claim) {
    ++counts_.claims;
    in.epoch = {seen.offset, seen.epoch.nonce};
    in.next = 0;
    in.open.clear();
  } else if (seen.kind != record_kind::foreign && in.epoch.offset != no_offset && seen.epoch == in.epoch &&
             seen.epoch_sequence == in.next) {
    const bool continues = seen.commit_index == in.open.size() && seen.commit_index < seen.commit_count &&
                           (in.open.empty() || seen.commit_count == in.open.front().commit_count);
    if (!continues) return damaged(in, partition, "a record in sequence does not continue its commit");
    ++in.next;
    in.open.push_back(seen);
    if (seen.commit_index + 1 == seen.commit_count) accept(in, partition);
  } else {
    ++counts_.ignored;
  }
}

void truth::damaged(partition_truth& in, std::int32_t partition, std::string text) {
  in.halted = true;
  if (!in.damage_due) judge_.complain("I2", fmt::format("partition {}: {}", partition, text));
}

void truth::accept(partition_truth& in, std::int32_t partition) {
  const auto commit = std::exchange(in.open, {});
  const auto& first = commit.front();
  if (first.kind == record_kind::proof) return void(++counts_.proofs);
  if (first.kind == record_kind::refusal) return accept_refusal(first, partition);
  auto& stream = streams_[std::string(first.key)];
  stream.partition = partition;
  for (std::size_t i = 0; i < commit.size(); ++i) {
    if (commit[i].key == first.key && commit[i].kind == record_kind::event &&
        raw(commit[i].version) == stream.version() + i + 1)
      continue;
    return damaged(in, partition,
                   fmt::format("{} at offset {} follows version {}", describe(commit[i]), raw(commit[i].offset),
                               stream.version()));
  }
  const auto* wanted = find_wanted(commit, stream);
  if (wanted == nullptr) return;
  ++counts_.commits;
  ++stream.commands;
  check_once(*wanted, stream);
  const auto after = apply(stream.moments.back().state, wanted->what);
  for (const auto& each : commit) {
    stream.moments.push_back({after, each, each.offset, each.time, &each == &commit.back()});
    in.events.push_back(each);
  }
  commits_.push_back({wanted, false, stream.version(), stream.commands, commit});
  by_id_[{wanted->stream, wanted->id}].push_back(&commits_.back());
}

// The command that these events are due to. Complains when there is none, or when they are not what it leads to.
const wanted_command* truth::find_wanted(const std::vector<record>& commit, const stream_truth& stream) {
  const auto& first = commit.front();
  const auto candidates = book_.find(std::string(first.key), std::string(first.command_id));
  for (const auto* each : candidates) {
    if (each->hash() != first.command_hash) continue;
    const auto due = decide(stream.moments.back().state, each->what);
    if (!due || !same_events(commit, *due)) continue;
    if (!each->expected || *each->expected == stream.version()) return each;
    judge_.complain("linearizable", fmt::format("{} at offset {} was applied at version {}, its client demanded {}",
                                                describe(first), raw(first.offset), stream.version(), *each->expected));
    return nullptr;
  }
  judge_.complain(
      candidates.empty() ? "I1" : "linearizable",
      fmt::format("{} at offset {} is not what any client's command leads to at version {} (balance {})",
                  describe(first), raw(first.offset), stream.version(), stream.moments.back().state.balance));
  return nullptr;
}

// Within the window a command id is used once.
void truth::check_once(const wanted_command& of, const stream_truth& stream) {
  const auto before = commits(of.stream, of.id);
  if (before.empty() || stream.commands - 1 - before.back()->ordinal >= window_) return;
  judge_.complain("I1", fmt::format("the command {} on {} is in the log twice: as command {} and {} of its stream",
                                    of.id, of.stream, before.back()->ordinal, stream.commands));
}

void truth::accept_refusal(const record& said, std::int32_t partition) {
  auto& stream = streams_[std::string(said.key)];
  stream.partition = partition;
  ++stream.commands;
  ++counts_.refusals;
  for (const auto* each : book_.find(std::string(said.key), std::string(said.command_id))) {
    if (each->hash() != said.command_hash) continue;
    const auto due = decide(stream.moments.back().state, each->what);
    if (due) continue;
    const auto text = fmt::format(R"({{"command":"{}","version":{},"code":"{}"{}}})", each->what.command(),
                                  stream.version(), due.error().code, due.error().members);
    if (text != said.value || (each->expected && *each->expected != stream.version())) continue;
    check_once(*each, stream);
    commits_.push_back({each, true, stream.version(), stream.commands, {said}});
    by_id_[{each->stream, each->id}].push_back(&commits_.back());
    return;
  }
  judge_.complain("linearizable", fmt::format("the recorded refusal {} at offset {} is not due at version {}",
                                              said.value, raw(said.offset), stream.version()));
}

}  // namespace foldlog::test
