#include "tools/node_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <vector>

namespace foldlog {
namespace {

using prometheus::Histogram;

// Seconds, from what one thread does alone to what a client gives up on.
const Histogram::BucketBoundaries latency_buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                  0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
const Histogram::BucketBoundaries group_buckets{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096};

double seconds(std::chrono::nanoseconds took) { return static_cast<double>(took.count()) * 1e-9; }

std::string_view name(outcome_kind kind) {
  switch (kind) {
    case outcome_kind::applied:
      return "applied";
    case outcome_kind::unchanged:
      return "unchanged";
    case outcome_kind::refused:
      return "refused";
    case outcome_kind::version_mismatch:
      return "version-mismatch";
    case outcome_kind::id_reused:
      return "command-id-reused";
    case outcome_kind::overloaded:
      return "overloaded";
    case outcome_kind::not_ready:
      return "not-ready";
    case outcome_kind::log_unavailable:
      return "log-unavailable";
    case outcome_kind::unknown:
      return "outcome-unknown";
    case outcome_kind::internal:
      return "internal";
    case outcome_kind::relayed:
      return "forwarded";
  }
  return "internal";
}

// Finds the metric of a few labels without building the label map again: there are some dozens, looked up on the hot
// path. On the node's loop only.
template <typename Metric>
class cached {
 public:
  template <typename Make>
  Metric& find(std::string_view first, std::string_view second, Make&& make) {
    for (auto& one : entries_) {
      if (one.first == first && one.second == second) return *one.metric;
    }
    entries_.push_back({std::string(first), std::string(second), &make()});
    return *entries_.back().metric;
  }

 private:
  struct entry {
    std::string first, second;
    Metric* metric;
  };
  std::vector<entry> entries_;
};

}  // namespace

struct node_metrics::families {
  explicit families(prometheus::Registry& in)
      : commands(prometheus::BuildCounter()
                     .Name("foldlog_commands_total")
                     .Help("Commands answered, by command and outcome")
                     .Register(in)),
        command_seconds(prometheus::BuildHistogram()
                            .Name("foldlog_command_seconds")
                            .Help("From a command's arrival to its answer")
                            .Register(in)),
        appends(prometheus::BuildCounter()
                    .Name("foldlog_appends_total")
                    .Help("Appends that became durable")
                    .Register(in)
                    .Add({})),
        records(prometheus::BuildCounter()
                    .Name("foldlog_appended_records_total")
                    .Help("Records that became durable")
                    .Register(in)
                    .Add({})),
        failures(prometheus::BuildCounter()
                     .Name("foldlog_append_failures_total")
                     .Help("Writes to the log that failed")
                     .Register(in)
                     .Add({})),
        group(prometheus::BuildHistogram()
                  .Name("foldlog_append_group_size")
                  .Help("Appends that became durable together")
                  .Register(in)
                  .Add({}, group_buckets)),
        sync_seconds(prometheus::BuildHistogram()
                         .Name("foldlog_log_sync_seconds")
                         .Help("Writing and syncing one group (Kafka: until its report)")
                         .Register(in)
                         .Add({}, latency_buckets)),
        epochs(prometheus::BuildGauge()
                   .Name("foldlog_epochs")
                   .Help("Claims made by this node since it started")
                   .Register(in)
                   .Add({})),
        deposed(prometheus::BuildGauge()
                    .Name("foldlog_deposed")
                    .Help("Times that another node took a partition over")
                    .Register(in)
                    .Add({})),
        proofs(prometheus::BuildGauge()
                   .Name("foldlog_ownership_proofs")
                   .Help("Proof records written for refusals")
                   .Register(in)
                   .Add({})),
        voids(prometheus::BuildGauge()
                  .Name("foldlog_void_records")
                  .Help("Records of superseded owners met while reading")
                  .Register(in)
                  .Add({})),
        commits(prometheus::BuildGauge()
                    .Name("foldlog_accepted_commits")
                    .Help("Commits that the owners settled or folded")
                    .Register(in)
                    .Add({})),
        lag(prometheus::BuildGauge()
                .Name("foldlog_projection_lag_events")
                .Help("Records between a view and the log's end")
                .Register(in)),
        lag_seconds(prometheus::BuildGauge()
                        .Name("foldlog_projection_lag_seconds")
                        .Help("How long the oldest event that is not folded yet has waited")
                        .Register(in)),
        rate(prometheus::BuildGauge().Name("foldlog_projection_events_per_second").Help("Folded lately").Register(in)),
        halted(prometheus::BuildGauge()
                   .Name("foldlog_projection_halted")
                   .Help("1 while the view is halted in that partition")
                   .Register(in)),
        requests(prometheus::BuildCounter()
                     .Name("foldlog_http_requests_total")
                     .Help("HTTP answers, by route and status")
                     .Register(in)),
        request_seconds(prometheus::BuildHistogram()
                            .Name("foldlog_http_request_seconds")
                            .Help("From a request's head to its answer")
                            .Register(in)) {}

  prometheus::Family<prometheus::Counter>& commands;
  prometheus::Family<Histogram>& command_seconds;
  prometheus::Counter& appends;
  prometheus::Counter& records;
  prometheus::Counter& failures;
  Histogram& group;
  Histogram& sync_seconds;
  prometheus::Gauge& epochs;
  prometheus::Gauge& deposed;
  prometheus::Gauge& proofs;
  prometheus::Gauge& voids;
  prometheus::Gauge& commits;
  prometheus::Family<prometheus::Gauge>& lag;
  prometheus::Family<prometheus::Gauge>& lag_seconds;
  prometheus::Family<prometheus::Gauge>& rate;
  prometheus::Family<prometheus::Gauge>& halted;
  prometheus::Family<prometheus::Counter>& requests;
  prometheus::Family<Histogram>& request_seconds;

  cached<prometheus::Counter> command_counters;
  cached<Histogram> command_histograms;
  cached<prometheus::Counter> request_counters;
  cached<Histogram> request_histograms;
};

node_metrics::node_metrics() : families_(std::make_unique<families>(registry_)) {}
node_metrics::~node_metrics() = default;

void node_metrics::observe_command(const command_observation& seen) {
  auto& all = *families_;
  const auto outcome = name(seen.outcome);
  all.command_counters
      .find(seen.command, outcome,
            [&]() -> auto& {
              return all.commands.Add({{"command", std::string(seen.command)}, {"outcome", std::string(outcome)}});
            })
      .Increment();
  all.command_histograms
      .find(
          seen.command, {},
          [&]() -> auto& { return all.command_seconds.Add({{"command", std::string(seen.command)}}, latency_buckets); })
      .Observe(seconds(seen.took));
}

void node_metrics::observe_request(std::string_view route, int status, std::chrono::nanoseconds took) {
  auto& all = *families_;
  const std::string_view code(reinterpret_cast<const char*>(&status), sizeof status);
  all.request_counters
      .find(route, code,
            [&]() -> auto& {
              return all.requests.Add({{"route", std::string(route)}, {"status", std::to_string(status)}});
            })
      .Increment();
  all.request_histograms
      .find(route, {},
            [&]() -> auto& { return all.request_seconds.Add({{"route", std::string(route)}}, latency_buckets); })
      .Observe(seconds(took));
}

log_probe node_metrics::probe() {
  return {.committed =
              [this](std::size_t records, std::size_t appends, double took) {
                families_->records.Increment(static_cast<double>(records));
                families_->appends.Increment(static_cast<double>(appends));
                families_->group.Observe(static_cast<double>(appends));
                families_->sync_seconds.Observe(took);
              },
          .failed = [this](const std::string&) { families_->failures.Increment(); }};
}

std::string node_metrics::render(const owner_counters& owners, const std::vector<progress::entry>& folds) {
  auto& all = *families_;
  all.epochs.Set(static_cast<double>(owners.claims));
  all.deposed.Set(static_cast<double>(owners.deposed));
  all.proofs.Set(static_cast<double>(owners.proofs));
  all.voids.Set(static_cast<double>(owners.void_records));
  all.commits.Set(static_cast<double>(owners.accepted_commits));
  for (const auto& fold : folds) {
    const prometheus::Labels labels{{"domain", fold.domain},
                                    {"view", fold.view},
                                    {"topic", fold.at.topic},
                                    {"partition", std::to_string(fold.at.partition)}};
    all.lag.Add(labels).Set(static_cast<double>(std::max<std::int64_t>(0, raw(fold.end) - raw(fold.folded) - 1)));
    all.lag_seconds.Add(labels).Set(static_cast<double>(fold.behind_us) * 1e-6);
    all.rate.Add(labels).Set(fold.events_per_second);
    all.halted.Add(labels).Set(fold.state == fold_state::halted ? 1 : 0);
  }
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace foldlog
