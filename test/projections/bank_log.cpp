#include "test/projections/bank_log.h"

#include <cstdlib>
#include <deque>
#include <future>
#include <stdexcept>

#include "core/base/hash.h"
#include "schemas/codec.h"

namespace foldlog::test {

std::int32_t bank_writer::partition(const std::string& id) const {
  return partition_of(id, static_cast<std::int32_t>(partitions_.size()));
}

void bank_writer::append(std::int32_t partition, const std::vector<record>& records) {
  std::promise<append_result> promise;
  auto done = promise.get_future();
  log_.append({0, partition}, records, [&](append_result outcome) { promise.set_value(std::move(outcome)); });
  const auto outcome = done.get();
  if (outcome.status != append_status::acknowledged) throw std::runtime_error("append: " + outcome.error.text);
  auto& state = partitions_[static_cast<std::size_t>(partition)];
  if (records.front().kind == record_kind::claim)
    state = {.epoch = {outcome.first, records.front().epoch.nonce}, .last = {}, .last_text = {}};
}

void bank_writer::claim(std::int32_t partition) {
  record claim;
  claim.kind = record_kind::claim;
  claim.type = claim_type;
  claim.value = "{}";
  claim.epoch.nonce = nonce_++;
  claim.time = timestamp(std::chrono::microseconds(now_us_));
  append(partition, {claim});
}

void bank_writer::claim_all() {
  for (std::size_t i = 0; i < partitions_.size(); ++i) claim(static_cast<std::int32_t>(i));
}

record bank_writer::make(const std::string& id, std::string& type, std::string& value,
                         const bank::account_event& event) {
  using codec = event_codec<bank::account_event>;
  type = "bank." + std::string(codec::name_of(event)) + ".v1";
  codec::write(value, event);
  record made;
  made.kind = record_kind::event;
  made.key = id;
  made.type = type;
  made.value = value;
  made.time = timestamp(std::chrono::microseconds(now_us_));
  made.version = version_t{++versions_[id]};
  made.command_id = "c";
  const auto& state = partitions_[static_cast<std::size_t>(partition(id))];
  made.epoch = state.epoch;
  made.epoch_sequence = state.next_sequence;
  return made;
}

void bank_writer::commit(const std::string& id, const std::vector<bank::account_event>& events) {
  std::deque<std::string> texts;
  std::vector<record> records;
  auto& state = partitions_[static_cast<std::size_t>(partition(id))];
  for (const auto& event : events) {
    auto& type = texts.emplace_back();
    auto& value = texts.emplace_back();
    records.push_back(make(id, type, value, event));
    ++state.next_sequence;
    records.back().commit_index = static_cast<std::uint32_t>(records.size() - 1);
    records.back().commit_count = static_cast<std::uint32_t>(events.size());
  }
  append(partition(id), records);
  events_ += events.size();
  now_us_ += 1'000'000;
  state.last = records.back();
  state.last_text = id + "\n" + std::string(records.back().type) + "\n" + std::string(records.back().value);
}

void bank_writer::superseded(const std::string& id, const bank::account_event& event) {
  std::string type, value;
  auto left = make(id, type, value, event);
  --versions_[id];
  left.epoch.nonce ^= 1;
  append(partition(id), {left});
}

void bank_writer::repeat_last(std::int32_t partition) {
  const auto& state = partitions_[static_cast<std::size_t>(partition)];
  auto again = state.last;
  const std::string_view text = state.last_text;
  const auto first = text.find('\n');
  const auto second = text.find('\n', first + 1);
  again.key = text.substr(0, first);
  again.type = text.substr(first + 1, second - first - 1);
  again.value = text.substr(second + 1);
  append(partition, {again});
}

void bank_writer::foreign(std::int32_t partition) {
  record left;
  left.kind = record_kind::foreign;
  left.key = "mallory";
  left.type = "other.Thing";
  left.value = "?";
  append(partition, {left});
}

void bank_writer::half_commit(const std::string& id, const bank::account_event& event) {
  std::string type, value;
  auto half = make(id, type, value, event);
  --versions_[id];
  half.commit_count = 2;
  ++partitions_[static_cast<std::size_t>(partition(id))].next_sequence;
  append(partition(id), {half});
}

void bank_writer::event(const std::string& id, std::string_view type, std::string_view data) {
  std::string own_type, own_value;
  auto made = make(id, own_type, own_value, bank::account_closed{});
  ++partitions_[static_cast<std::size_t>(partition(id))].next_sequence;
  made.type = type;
  made.value = data;
  made.commit_count = 1;
  const auto command_id = "c" + std::to_string(events_);
  made.command_id = command_id;
  append(partition(id), {made});
  ++events_;
  now_us_ += 1'000'000;
}

void write_bank(bank_writer& writer, std::uint64_t accounts, std::uint64_t events) {
  const char* const currencies[] = {"EUR", "USD", "GBP"};
  std::vector<std::int64_t> balances(accounts);
  std::uint64_t state = 7;
  const auto random = [&] { return state = state * 6364136223846793005U + 1442695040888963407U, state >> 33; };
  for (std::uint64_t i = 0; i < accounts; ++i) {
    writer.commit("account-" + std::to_string(i),
                  {bank::account_created{"owner " + std::to_string(i % (accounts / 3 + 1)), currencies[i % 3], 500}});
  }
  for (auto i = writer.events(); i < events; i = writer.events()) {
    const auto which = random() % accounts;
    auto& balance = balances[which];
    const auto amount = static_cast<std::int64_t>(random() % 300 + 1);
    const auto id = "account-" + std::to_string(which);
    const auto before = balance;
    if (balance - amount < -500 || random() % 2 == 0) {
      balance += amount;
      std::vector<bank::account_event> commit{bank::deposit_made{amount, balance, "pay"}};
      if (before < 0 && balance >= 0) commit.emplace_back(bank::overdraft_ended{});
      writer.commit(id, commit);
    } else {
      balance -= amount;
      std::vector<bank::account_event> commit{bank::withdrawal_made{amount, balance, std::nullopt}};
      if (before >= 0 && balance < 0) commit.emplace_back(bank::overdraft_started{balance});
      writer.commit(id, commit);
    }
  }
}

}  // namespace foldlog::test
