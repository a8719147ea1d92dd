#include "owner_rig.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

namespace foldlog::test {

owner_rig::owner_rig(owner_options options, const category& of, std::shared_ptr<store> given)
    : rows(given ? std::move(given) : std::shared_ptr<store>(make_memory_store())), category_(of) {
  make_owner(std::move(options));
}

void owner_rig::make_owner(owner_options options) {
  owner_.reset();
  model_ = std::make_unique<write_model>(*rows, category_, "bank.account", 0);
  auto place = model_->open();
  REQUIRE(place);
  const auto random = [this] { return chance_ += 0x9e3779b97f4a7c15U; };
  owner_ = std::make_unique<foldlog::owner>(category_, *model_, std::move(options), static_cast<owner_port&>(*this),
                                            time, random);
  owner_->start(*place);
}

void owner_rig::restart(owner_options options) {
  appends.clear();
  saves.clear();
  reading.reset();
  phases_.clear();
  make_owner(std::move(options));
}

void owner_rig::submit(std::string id, std::string_view name, std::string data, std::string stream,
                       std::optional<std::uint64_t> expected) {
  auto wanted = std::make_unique<command>();
  wanted->stream_id = std::move(stream);
  wanted->name = name;
  wanted->command_id = std::move(id);
  wanted->expected_version = expected;
  wanted->hash = std::hash<std::string>()(wanted->name + data + (expected ? std::to_string(*expected) : ""));
  wanted->data = std::move(data);
  wanted->deadline = time.monotonic() + timeout;
  wanted->done = [](const command_request&, const command_outcome&) {};
  owner_->submit(std::move(wanted));
}

void owner_rig::pass(std::chrono::nanoseconds by) {
  time.advance(by);
  owner_->tick();
}

record owner_rig::keep(const record& given) {
  record kept = given;
  for (auto* view : std::array{&kept.key, &kept.type, &kept.value, &kept.command_id, &kept.correlation_id,
                               &kept.causation_id, &kept.actor, &kept.traceparent}) {
    *view = bytes_.emplace_back(*view);
  }
  return kept;
}

offset_t owner_rig::put(record given) {
  auto kept = keep(given);
  kept.offset = offset_t{static_cast<std::int64_t>(log.size())};
  if (kept.kind == record_kind::claim) kept.epoch.offset = kept.offset;
  log.push_back(kept);
  return kept.offset;
}

offset_t owner_rig::put_claim(std::uint32_t nonce) {
  record claim;
  claim.kind = record_kind::claim;
  claim.type = claim_type;
  claim.epoch.nonce = nonce;
  return put(claim);
}

void owner_rig::put_event(epoch_id epoch, std::uint64_t sequence, std::uint64_t version, std::string_view id,
                          std::string_view type, std::string_view data) {
  record event;
  event.kind = record_kind::event;
  event.key = id;
  event.type = type;
  event.value = data;
  event.version = version_t{version};
  event.epoch = epoch;
  event.epoch_sequence = sequence;
  event.command_id = bytes_.emplace_back("foreign-" + std::to_string(log.size()));
  event.time = time.now();
  put(event);
}

owner_rig::append_of_owner owner_rig::take() {
  REQUIRE(!appends.empty());
  auto oldest = std::move(appends.front());
  appends.pop_front();
  return oldest;
}

offset_t owner_rig::land(const append_of_owner& append) {
  const auto first = offset_t{static_cast<std::int64_t>(log.size())};
  for (const auto& one : append.records) put(one);
  return first;
}

void owner_rig::report(const append_of_owner& append, append_status status, offset_t first, bool consecutive,
                       error_kind why) {
  owner_->appended(append.id, {status, first, consecutive, {why, "as the test wants it"}});
  owner_->flush();
}

void owner_rig::ack() {
  const auto oldest = take();
  report(oldest, append_status::acknowledged, land(oldest));
}

void owner_rig::feed() {
  while (reading && static_cast<std::size_t>(raw(*reading)) < log.size()) {
    const auto from = static_cast<std::size_t>(raw(*reading));
    const auto count = std::min(records_max, log.size() - from);
    reading = *reading + static_cast<std::int64_t>(count);
    owner_->read(std::span(log).subspan(from, count));
    owner_->flush();
  }
}

void owner_rig::serve() {
  owner_->offer();
  ack();
  feed();
  REQUIRE(owner_->phase() == owner_phase::serving);
}

void owner_rig::finish_saves(bool written) {
  auto all = std::move(saves);
  saves.clear();
  for (auto& batch : all) {
    if (written) REQUIRE(rows->write(*batch));
    owner_->saved(written ? result<void>() : fail(error_kind::unavailable, "the disk is full"));
  }
}

const told* owner_rig::find(std::string_view command_id) const {
  const auto found = std::ranges::find(answers, command_id, &told::command_id);
  return found == answers.end() ? nullptr : &*found;
}

std::size_t owner_rig::count(std::string_view command_id) const {
  return static_cast<std::size_t>(std::ranges::count(answers, command_id, &told::command_id));
}

std::optional<outcome_kind> owner_rig::kind(std::string_view command_id) const {
  const auto* found = find(command_id);
  return found == nullptr ? std::nullopt : std::optional(found->outcome.kind);
}

std::string owner_rig::phases() { return std::exchange(phases_, {}); }

void owner_rig::append(std::uint64_t append_id, std::span<const record> records) {
  auto& made = appends.emplace_back(append_of_owner{append_id, {}});
  for (const auto& one : records) made.records.push_back(keep(one));
}

void owner_rig::answer(command& of, command_outcome outcome) {
  if (!std::exchange(of.done, nullptr)) return;
  answers.push_back({of.command_id, std::move(outcome), false, {}});
}

void owner_rig::answer_again(std::unique_ptr<command> of, const remembered& first) {
  REQUIRE(of->done);
  answers.push_back({of->command_id,
                     {.kind = first.refused ? outcome_kind::refused : outcome_kind::applied, .version = first.version},
                     true,
                     {first.offsets.begin(), first.offsets.end()}});
}

}  // namespace foldlog::test
