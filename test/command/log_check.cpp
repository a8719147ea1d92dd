#include "log_check.h"

#include <fmt/format.h>

#include <optional>

namespace foldlog::test {
namespace {

std::int64_t number(std::string_view data, std::string_view member) {
  const auto at = data.find(fmt::format("\"{}\":", member));
  return at == std::string_view::npos ? 0 : std::stoll(std::string(data.substr(at + member.size() + 3)));
}

void fold_event(checked_log& into, const record& one, bool last) {
  auto& moments = into.streams[std::string(one.key)];
  if (moments.empty()) moments.emplace_back();
  if (raw(one.version) != moments.size()) {
    into.complaints.push_back(fmt::format("{} has version {} at offset {}, after {}", one.key, raw(one.version),
                                          raw(one.offset), moments.size() - 1));
  }
  auto now = moments.back();
  now.commit_ends_here = last;
  const std::int64_t before = now.balance;
  if (one.type == "bank.AccountCreated.v1") {
    if (now.exists) into.complaints.push_back(fmt::format("{} is created twice", one.key));
    now.exists = true;
    now.limit = number(one.value, "overdraft_limit");
  } else if (one.type == "bank.DepositMade.v1") {
    now.balance += number(one.value, "amount");
  } else if (one.type == "bank.WithdrawalMade.v1") {
    now.balance -= number(one.value, "amount");
  } else if (one.type == "bank.AccountClosed.v1") {
    now.closed = true;
  } else if (one.type != "bank.OverdraftStarted.v1" && one.type != "bank.OverdraftEnded.v1") {
    into.complaints.push_back(fmt::format("what is {}", one.type));
  }
  if (now.balance != before && number(one.value, "balance") != now.balance) {
    into.complaints.push_back(fmt::format("{} at offset {}: the balance is {}, not as in {}", one.key, raw(one.offset),
                                          now.balance, one.value));
  }
  if (now.balance < -now.limit) into.complaints.push_back(fmt::format("{} is overdrawn to {}", one.key, now.balance));
  moments.push_back(now);
}

void deliver(checked_log& into, const std::vector<record>& open) {
  ++into.accepted;
  if (open.front().kind == record_kind::proof) return void(++into.proofs);
  auto& events = into.commands[fmt::format("{} {}", open.front().key, open.front().command_id)].emplace_back();
  for (const auto& one : open) {
    fold_event(into, one, &one == &open.back());
    events.push_back({std::string(one.type), std::string(one.value), one.offset, raw(one.version)});
  }
}

// API.md section 3, "Which records count".
void check_partition(checked_log& into, const record_batch& records) {
  epoch_id epoch;
  std::uint64_t next = 0;
  std::vector<record> open;
  for (const auto& [topic, partition, one] : records.items) {
    if (one.kind == record_kind::claim) {
      ++into.claims;
      epoch = {one.offset, one.epoch.nonce};
      next = 0;
      open.clear();
    } else if (epoch.offset != no_offset && one.epoch == epoch && one.epoch_sequence == next) {
      ++next;
      if (one.commit_index != open.size())
        into.complaints.push_back(fmt::format("offset {} does not continue its commit", raw(one.offset)));
      open.push_back(one);
      if (one.commit_index + 1 == one.commit_count) {
        deliver(into, open);
        open.clear();
      }
    } else {
      ++into.ignored;
    }
  }
}

}  // namespace

checked_log check_log(memory_log& log) {
  checked_log checked;
  for (std::int32_t partition = 0; partition < log.partitions(); ++partition) {
    const partition_id at{0, partition};
    const auto end = log.end_offset(at).value();
    if (end == offset_t{0}) continue;
    log.fetch(at, offset_t{0}, end - 1, [&](const result<record_batch>& found) {
      if (found)
        check_partition(checked, *found);
      else
        checked.complaints.push_back(found.error().text);
    });
  }
  return checked;
}

std::string refusal_of(const bank_moment& at, const std::string& command, std::int64_t amount) {
  if (command == "CreateAccount") return at.exists ? "account-exists" : "";
  if (!at.exists) return "no-such-account";
  if (at.closed) return "account-closed";
  if (command == "Deposit") return at.balance + amount > 1'000'000'000'000'000 ? "balance-too-large" : "";
  if (command == "Withdraw") return at.balance - amount < -at.limit ? "insufficient-funds" : "";
  return at.balance != 0 ? "balance-not-zero" : "";
}

}  // namespace foldlog::test
