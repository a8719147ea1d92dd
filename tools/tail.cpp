#include "tools/tail.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <future>
#include <map>

#include "core/base/names.h"
#include "core/log/commit_reader.h"
#include "schemas/json.h"
#include "tools/exit_status.h"
#include "tools/log_reading.h"
#include "tools/log_tool.h"

namespace foldlog {
namespace {

std::atomic<bool> interrupted = false;

void append_member(std::string& line, std::string_view name, std::string_view value) {
  line += fmt::format(R"(,"{}":)", name);
  json::append_string(line, value);
}

// Everything of a record but its verdict, which may be known later.
struct printed_record {
  std::string begin;  ///< `{"position":"…"`
  std::string rest;   ///< `,"type":…}` and the newline
  std::string verdict;
};

printed_record print(const std::string& topic, partition_id at, record of, json::parser& parser,
                     const category* upcasts) {
  decided_event newest;
  if (upcasts != nullptr && of.kind == record_kind::event) {
    const auto data = parser.parse(of.value);
    auto upcast = data ? upcasts->upcast(of.type, *data) : std::unexpected(data.error());
    if (upcast) {  // what nobody can read is shown as it is
      newest = std::move(*upcast);
      of.type = newest.type;
      of.value = newest.data;
    }
  }
  printed_record printed;
  printed.begin = fmt::format(R"({{"position":"{}")", position{{topic, at.partition}, of.offset}.text());
  auto& rest = printed.rest;
  append_member(rest, "type", of.type);
  if (of.kind == record_kind::event) append_member(rest, "id", fmt::format("{}/{}", of.key, raw(of.version)));
  if (of.kind == record_kind::refusal) append_member(rest, "id", of.command_id);
  if (!of.key.empty()) {
    std::string stream = topic;
    std::ranges::replace(stream, '.', '/');
    append_member(rest, "stream", stream + "/" + std::string(of.key));
  }
  if (of.kind == record_kind::event) rest += fmt::format(R"(,"version":{})", raw(of.version));
  if (of.kind == record_kind::claim) {
    append_member(rest, "nonce", fmt::format("{:08x}", of.epoch.nonce));
  } else if (of.kind != record_kind::foreign) {
    append_member(rest, "epoch", of.epoch.text());
    rest += fmt::format(R"(,"epochseq":{},"commit":"{}/{}")", of.epoch_sequence, of.commit_index, of.commit_count);
  }
  if (!of.command_id.empty()) append_member(rest, "command_id", of.command_id);
  if (!of.correlation_id.empty()) append_member(rest, "correlation_id", of.correlation_id);
  if (of.time != timestamp{}) append_member(rest, "time", format_time(of.time));
  rest += R"(,"data":)";
  if (parser.parse(of.value))
    rest += of.value;
  else
    json::append_string(rest, is_valid_utf8(of.value) ? of.value : "(no UTF-8)");
  rest += "}\n";
  return printed;
}

// One partition: lines leave in offset order, each once its verdict is known.
class partition_tail {
 public:
  partition_tail(std::string topic, partition_id at, offset_t after, bool all, const category* upcasts)
      : topic_(std::move(topic)), at_(at), after_(after), all_(all), upcasts_(upcasts) {}

  void take(const record& next, json::parser& parser) {
    const bool was_open = reader_.now().open_count != 0;
    const auto [judged, commit] = reader_.feed(next);
    if (judged == verdict::claim && was_open) settle("void");
    const bool wanted = next.offset > after_;
    if (wanted) held_.push_back(print(topic_, at_, next, parser, upcasts_));
    std::string& said = wanted ? held_.back().verdict : unwanted_;
    switch (judged) {
      case verdict::claim:
        said = "claim";
        break;
      case verdict::continues:
        said.clear();
        break;
      case verdict::completes:
        said = next.kind == record_kind::proof ? "proof" : next.kind == record_kind::refusal ? "refused" : "accepted";
        settle("accepted");
        break;
      case verdict::ignored:
        said = "void";
        break;
      case verdict::damaged:
        said = "damaged";
        damaged_ = true;
        break;
    }
    if (reader_.now().open_count == 0) settle("accepted");
  }
  void end() { settle("open"); }
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  void settle(std::string_view undecided) {
    for (auto& line : held_) {
      const std::string_view verdict = line.verdict.empty() ? undecided : std::string_view(line.verdict);
      if (!all_ && verdict != "accepted") continue;
      fmt::print("{},\"verdict\":\"{}\"{}", line.begin, verdict, line.rest);
    }
    held_.clear();
  }

  std::string topic_;
  partition_id at_;
  offset_t after_;
  bool all_;
  const category* upcasts_;
  bool damaged_ = false;
  commit_reader reader_;
  std::vector<printed_record> held_;
  std::string unwanted_;
};

// Where to begin to read so that the record after `after` gets its verdict: at the claim of the record's epoch.
offset_t begin_before(event_log& log, partition_id at, offset_t after) {
  const auto one = [&](offset_t offset) {
    std::promise<result<record_batch>> told;
    log.fetch(at, offset, offset, [&told](result<record_batch> found) { told.set_value(std::move(found)); });
    return told.get_future().get();
  };
  if (after == no_offset) return offset_t{0};
  const auto found = one(after);
  if (!found || found->items.empty()) return offset_t{0};
  const auto epoch = found->items[0].record.epoch;
  if (epoch.offset == no_offset || epoch.offset > after) return offset_t{0};
  const auto claim = one(epoch.offset);
  const bool is_claim = claim && !claim->items.empty() && claim->items[0].record.kind == record_kind::claim &&
                        claim->items[0].record.epoch == epoch;
  return is_claim ? epoch.offset : offset_t{0};
}

}  // namespace

int tail(const configuration& with, const domain_set& domains, const tail_options& options) {
  const auto topics = domains.topics();
  if (std::ranges::find(topics, options.topic) == topics.end())
    return report_usage(fmt::format("there is no topic {}", options.topic));
  auto opened = log_tool::open(with, {options.topic});
  if (!opened) return report(opened.error());
  auto& log = (*opened)->log();
  const auto last = (*opened)->last_offsets();
  if (!last) return report(last.error());
  token after;
  if (options.from == "end") {
    after = *last;
  } else if (options.from != "beginning") {
    const auto parsed = token::parse(options.from);
    if (!parsed) return report_usage(parsed.error().text);
    after = *parsed;
    for (const auto& part : after.positions) {
      if (part.at.topic != options.topic || part.at.partition >= log.partitions()) {
        return report_usage(fmt::format("{} is no position of {}", part.text(), options.topic));
      }
    }
  }
  if (options.follow) {
    std::signal(SIGINT, [](int) { interrupted = true; });
    std::signal(SIGTERM, [](int) { interrupted = true; });
  }
  const auto* upcasts = options.upcast ? domains.find_category(options.topic) : nullptr;
  std::vector<partition_tail> partitions;
  blocking_read reading;
  for (std::int32_t partition = 0; partition < log.partitions(); ++partition) {
    const auto from = after.find(options.topic, partition);
    partitions.emplace_back(options.topic, partition_id{0, partition}, from, options.all, upcasts);
    reading.starts.push_back({{0, partition}, begin_before(log, {0, partition}, from)});
  }
  json::parser parser;
  reading.last = *last;
  reading.follow = [&] { return options.follow && !interrupted; };
  reading.visit = [&](partition_id at, const record& next) {
    partitions[static_cast<std::size_t>(at.partition)].take(next, parser);
    return !interrupted;
  };
  reading.idle = [] { std::fflush(stdout); };
  if (auto read = read_blocking(log, reading); !read) return report(read.error());
  for (auto& partition : partitions) partition.end();
  std::fflush(stdout);
  return std::ranges::any_of(partitions, &partition_tail::damaged) ? exit_status::damage : exit_status::done;
}

}  // namespace foldlog
