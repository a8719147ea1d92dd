#include "test/simulation/bank_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/hash.h"

namespace foldlog::test {
namespace {

struct owner_counts {
  std::int64_t accounts = 0, closed = 0, deposits = 0, withdrawals = 0;
};
struct turnover_sums {
  std::string currency, day;
  std::int64_t deposits = 0, deposited = 0, withdrawals = 0, withdrawn = 0;
};

std::string account_row(const std::string& id, const stream_truth& stream, std::uint64_t version) {
  const auto& now = stream.moments[version];
  return fmt::format(R"({{"id":"{}","owner":"{}","currency":"{}","balance":{},"overdraft_limit":{},"status":"{}",)"
                     R"("version":{},"created_at":"{}","changed_at":"{}"}})",
                     id, now.state.owner, now.state.currency, now.state.balance, now.state.limit,
                     now.state.closed ? "closed" : "open", version, written_time(stream.moments[1].time),
                     written_time(now.time));
}

// Calls `each(before, moment)` for every event up to there.
template <typename Each>
void for_all_events(const truth& from, const reach& to, Each each) {
  for (const auto& [id, stream] : from.streams()) {
    const auto last = stream.version_at(to[static_cast<std::size_t>(stream.partition)]);
    for (std::uint64_t version = 1; version <= last; ++version) {
      each(stream.moments[version - 1].state, stream.moments[version]);
    }
  }
}

view_rows accounts_at(const truth& from, const reach& to) {
  view_rows rows;
  for (const auto& [id, stream] : from.streams()) {
    const auto last = stream.version_at(to[static_cast<std::size_t>(stream.partition)]);
    if (last > 0) rows[id] = account_row(id, stream, last);
  }
  return rows;
}

view_rows owners_at(const truth& from, const reach& to) {
  std::map<std::string, owner_counts> counts;
  for_all_events(from, to, [&](const account_now&, const moment_of_stream& now) {
    auto& of = counts[now.state.owner];
    const auto& type = now.event.type;
    of.accounts += type == "bank.AccountCreated.v1" ? 1 : 0;
    of.closed += type == "bank.AccountClosed.v1" ? 1 : 0;
    of.deposits += type == "bank.DepositMade.v1" ? 1 : 0;
    of.withdrawals += type == "bank.WithdrawalMade.v1" ? 1 : 0;
  });
  view_rows rows;
  for (const auto& [owner, of] : counts) {
    rows[owner] = fmt::format(R"({{"owner":"{}","accounts":{},"closed":{},"deposits":{},"withdrawals":{}}})", owner,
                              of.accounts, of.closed, of.deposits, of.withdrawals);
  }
  return rows;
}

view_rows turnover_at(const truth& from, const reach& to) {
  std::map<std::string, turnover_sums> sums;
  for_all_events(from, to, [&](const account_now& before, const moment_of_stream& now) {
    const bool in = now.event.type == "bank.DepositMade.v1";
    if (!in && now.event.type != "bank.WithdrawalMade.v1") return;
    const auto day = written_day(now.time);
    auto& of = sums[now.state.currency + ":" + day];
    of.currency = now.state.currency;
    of.day = day;
    (in ? of.deposits : of.withdrawals) += 1;
    (in ? of.deposited : of.withdrawn) += std::abs(now.state.balance - before.balance);
  });
  view_rows rows;
  for (const auto& [key, of] : sums) {
    rows[key] =
        fmt::format(R"({{"currency":"{}","day":"{}","deposits":{},"deposited":{},"withdrawals":{},"withdrawn":{}}})",
                    of.currency, of.day, of.deposits, of.deposited, of.withdrawals, of.withdrawn);
  }
  return rows;
}

}  // namespace

view_rows rows_at(const truth& from, std::string_view view, const reach& to) {
  if (view == "accounts") return accounts_at(from, to);
  return view == "owners" ? owners_at(from, to) : turnover_at(from, to);
}

std::string digest_of(const view_rows& rows) {
  // RFC 8785 sorts the members; these rows are flat, their values hold neither commas nor braces.
  sha256 digest;
  for (const auto& [key, row] : rows) {
    std::vector<std::string> members;
    for (std::string_view rest = std::string_view(row).substr(1, row.size() - 2); !rest.empty();) {
      const auto end = std::min(rest.find(','), rest.size());
      members.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::ranges::sort(members);
    digest.update(fmt::format("\"{}\"\t{{{}}}\n", key, fmt::join(members, ",")));
  }
  return digest.finish();
}

std::vector<list_entry> list_at(const truth& from, std::string_view view, std::string_view index, const reach& to) {
  std::vector<list_entry> all;
  for (auto& [key, row] : rows_at(from, view, to)) {
    list_entry entry{{}, 0, key, row};
    if (!index.empty()) {
      const auto* stream = from.find(key);
      const auto& state = stream->moments[stream->version_at(to[static_cast<std::size_t>(stream->partition)])].state;
      if (index == "owner") entry.text = state.owner;
      if (index == "balance") entry.number = state.balance;
    }
    all.push_back(std::move(entry));
  }
  std::ranges::sort(all, {}, &list_entry::place);
  return all;
}

std::string event_members(const record& event, std::int32_t partition) {
  return fmt::format(
      R"("type":"{}","id":"{}/{}","version":{},"position":"bank.account/{}@{}","time":"{}","command_id":"{}",)"
      R"("correlation_id":"{}","data":{})",
      event.type, event.key, raw(event.version), raw(event.version), partition, raw(event.offset),
      written_time(event.time), event.command_id, event.command_id, event.value);
}

std::string state_text(const account_now& state) {
  return fmt::format(R"({{"owner":"{}","currency":"{}","overdraft_limit":{},"balance":{},"status":"{}"}})", state.owner,
                     state.currency, state.limit, state.balance, state.closed ? "closed" : "open");
}

}  // namespace foldlog::test
