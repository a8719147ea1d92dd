#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "projections/replay.h"
#include "tools/exit_status.h"
#include "tools/fold_commands.h"
#include "tools/log_tool.h"
#include "tools/store_folders.h"

namespace foldlog {
namespace {

bool is_empty_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  return !std::filesystem::exists(folder, failed) || std::filesystem::is_empty(folder, failed);
}

void show_progress(const replay_progress& now) {
  fmt::print(stderr, "\r{:5.1f} %  {} events  {:.0f} events/s  {:.0f} s left   ", 100 * now.fraction(), now.events,
             now.events_per_second(), now.seconds_left());
  std::fflush(stderr);
}

}  // namespace

int replay_views(const configuration& with, const domain_set& domains, const replay_command& options) {
  replay_options how;
  how.threads = options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  how.fold.stream_table = false;
  if (!options.to.empty()) {
    auto to = token::parse(options.to);
    if (!to) return report_usage(to.error().text);
    how.to = std::move(*to);
  }
  if (!options.domain.empty() && domains.only(options.domain).empty()) {
    return report_usage(fmt::format("there is no domain {}", options.domain));
  }
  if (!is_empty_folder(options.into)) return report_usage(fmt::format("{} is not empty", options.into.string()));
  auto opened = log_tool::open(with, domains.topics());
  if (!opened) return report(opened.error());
  projection_list chosen;
  for (const auto& one : domains.projections()) {
    if (options.domain.empty() || one->domain() == options.domain) chosen.push_back(one);
  }
  std::error_code failed;
  std::filesystem::create_directories(options.into, failed);
  auto rows = open_store({.folder = views_folder(options.into),
                          .write_ahead_log = false,
                          .bulk_load = true,
                          .expiring_prefix = {},
                          .expired = {}});
  if (!rows) return report(rows.error());
  const bool terminal = isatty(fileno(stderr)) != 0;
  if (terminal) how.on_progress = show_progress;
  const auto done = replay((*opened)->log(), chosen, **rows, how);
  if (terminal) fmt::print(stderr, "\n");
  if (!done) return done.error().kind == error_kind::invalid ? report_usage(done.error().text) : report(done.error());
  for (const auto& view : done->views) {
    if (options.json) {
      fmt::print(R"({{"view":"{}","rows":{},"digest":"{}","position":"{}"}})"
                 "\n",
                 view.view, view.rows, view.digest, view.position.text());
    } else {
      fmt::print("{}/{}: {} rows, digest {}, at {}\n", view.domain, view.view, view.rows, view.digest,
                 view.position.text());
    }
  }
  if (!options.json) {
    fmt::print("{} events in {:.1f} s: {:.0f} events/s\n", done->total.events, done->total.seconds,
               done->total.events_per_second());
  } else {
    fmt::print(stderr,
               R"({{"events":{},"seconds":{:.3f},"events_per_second":{:.0f}}})"
               "\n",
               done->total.events, done->total.seconds, done->total.events_per_second());
  }
  return exit_status::done;
}

}  // namespace foldlog
