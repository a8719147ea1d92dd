#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "projections/verify_views.h"
#include "tools/exit_status.h"
#include "tools/fold_commands.h"
#include "tools/log_audit.h"
#include "tools/log_reading.h"
#include "tools/log_tool.h"
#include "tools/scratch_folder.h"
#include "tools/store_folders.h"

namespace foldlog {
namespace {

result<log_audit> audit(log_tool& tool, const configuration& with, const domain_set& domains) {
  log_audit auditor(tool.log(), domains.schemas(), with.idempotency_window, with.idempotency_commands);
  auto last = tool.last_offsets();
  if (!last) return std::unexpected(last.error());
  blocking_read reading;
  for (std::uint32_t topic = 0; topic < tool.log().topics().size(); ++topic) {
    for (std::int32_t partition = 0; partition < tool.log().partitions(); ++partition)
      reading.starts.push_back({{topic, partition}, offset_t{0}});
  }
  reading.last = *last;
  reading.visit = [&](partition_id at, const record& next) {
    auditor.take(at, next);
    return true;
  };
  if (auto read = read_blocking(tool.log(), reading); !read) return std::unexpected(read.error());
  auditor.end();
  return auditor;
}

void print_counts(const log_audit& of, bool json) {
  const auto& n = of.counted();
  if (json) {
    fmt::print(
        R"({{"records":{},"events":{},"commits":{},"claims":{},"proofs":{},"refused":{},"void":{},"open":{},"damaged":{},"streams":{},"findings":{}}})"
        "\n",
        n.records, n.events, n.commits, n.claims, n.proofs, n.refusals, n.voids, n.open, n.damaged, of.streams(),
        of.finding_count());
    return;
  }
  fmt::print(
      "{} records: {} accepted events in {} commits of {} streams, {} claims, {} proofs, {} refused, {} void, {} open, "
      "{} damaged\n",
      n.records, n.events, n.commits, of.streams(), n.claims, n.proofs, n.refusals, n.voids, n.open, n.damaged);
}

result<verify_report> compare(log_tool& tool, const domain_set& domains, const store_snapshot& subject) {
  const scratch_folder scratch("verify");
  auto fresh = open_store({.folder = scratch.path() / "views",
                           .write_ahead_log = false,
                           .bulk_load = true,
                           .expiring_prefix = {},
                           .expired = {}});
  if (!fresh) return std::unexpected(fresh.error());
  verify_options options;
  options.replay.threads = std::max(1U, std::thread::hardware_concurrency());
  options.replay.fold.store_records = !tool.log().exclusive();
  return verify_views(tool.log(), domains.projections(), subject, **fresh, options);
}

// A store that a server or a replay has filled says how far; one that says nothing beside a log with records was lost.
bool says_nothing(const verify_report& of, const log_audit& audited) {
  return audited.counted().records > 0 &&
         std::ranges::all_of(of.views, [](const verified_view& view) { return view.position.positions.empty(); });
}

void print_comparison(const verify_report& of, bool json) {
  for (const auto& view : of.views) {
    if (json) {
      fmt::print(R"({{"view":"{}","rows":{},"differences":{},"position":"{}"}})"
                 "\n",
                 view.view, view.rows, view.differences, view.position.text());
    } else {
      fmt::print("{}/{}: {} rows, {} differences, at {}\n", view.domain, view.view, view.rows, view.differences,
                 view.position.text());
    }
  }
  for (const auto& one : of.first_differences) {
    fmt::print(stderr, "foldlog: {}/{} {}: expected {}, found {}\n", one.domain, one.view, one.key, one.expected,
               one.found);
  }
}

}  // namespace

int verify(const configuration& with, const domain_set& domains, const verify_command& options) {
  std::unique_ptr<store> subject;
  std::shared_ptr<const store_snapshot> snapshot;
  if (!options.views.empty()) {  // before the log is opened: its positions can't lie beyond the log's end then
    auto opened =
        open_store({.folder = views_folder(options.views), .read_only = true, .expiring_prefix = {}, .expired = {}});
    if (!opened) return report(opened.error());
    subject = std::move(*opened);
    snapshot = subject->snapshot();
  }
  auto opened = log_tool::open(with, domains.topics());
  if (!opened) return report(opened.error());
  const auto audited = audit(**opened, with, domains);
  if (!audited) return report(audited.error());
  print_counts(*audited, options.json);
  for (const auto& finding : audited->findings()) fmt::print(stderr, "foldlog: {}\n", finding);
  bool good = audited->finding_count() == 0;
  if (snapshot) {
    const auto compared = compare(**opened, domains, *snapshot);
    if (!compared) return report(compared.error());
    print_comparison(*compared, options.json);
    if (says_nothing(*compared, *audited)) {
      return report(
          {error_kind::damaged, fmt::format("{} holds no views, beside a log with records", options.views.string())});
    }
    good = good && compared->differences == 0;
  }
  return good ? exit_status::done : exit_status::damage;
}

}  // namespace foldlog
