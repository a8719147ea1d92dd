#include "book.h"

#include <fmt/format.h>

#include <algorithm>

namespace foldlog::test {

int command_of(const record& of) { return of.command_id.size() == 2 ? of.command_id[1] - '1' : -1; }
int attempt_of(const record& of) { return of.traceparent.size() == 1 ? of.traceparent[0] - '0' : -1; }

book::book(const std::vector<wanted_command>& commands, bool by_engine, bool compare)
    : commands_(commands), by_engine_(by_engine), compare_(compare), points_(1) {}

void book::complain(std::string what) {
  if (wrong_.empty()) wrong_ = std::move(what);
}

// Section 5 once more, as short as it can be said. True: the record completes a commit, which stands in open_.
bool book::judge(const record& next) {
  auto& now = points_.back().judged;
  if (next.kind == record_kind::claim) {
    now = {.epoch = {next.offset, next.epoch.nonce}};
    open_.clear();
    return false;
  }
  if (next.epoch != now.epoch || next.epoch_sequence != now.next_sequence) return false;
  ++now.next_sequence;
  if (next.commit_index != open_.size()) complain(fmt::format("@{} does not continue its commit", raw(next.offset)));
  open_.push_back(next);
  const bool whole = open_.size() == next.commit_count;
  now.open_records = whole ? 0 : static_cast<std::uint32_t>(open_.size());
  now.open_count = whole ? 0 : next.commit_count;
  return whole;
}

void book::put(const record& next) {
  points_.push_back(points_.back());
  bool whole = false;
  verdict engine{};
  if (by_engine_ || compare_) engine = engine_.judge(next);
  if (by_engine_) {
    if (engine == verdict::claim && engine_.now().open_count == 0) open_.clear();
    if (engine == verdict::continues || engine == verdict::completes) open_.push_back(next);
    whole = engine == verdict::completes;
    points_.back().judged = engine_.now();
  } else {
    whole = judge(next);
  }
  if (compare_) {
    const auto& now = points_.back().judged;
    const bool agrees = engine_.now() == now && (engine == verdict::completes) == whole && engine != verdict::damaged;
    if (!agrees) complain(fmt::format("the arbiter and the checker's own disagree on @{}", raw(next.offset)));
  }
  if (!whole) return;
  accept();
  open_.clear();
}

void book::accept() {
  const auto& first = open_.front();
  if (first.kind == record_kind::proof) return;
  accepted made{.command = command_of(first), .attempt = attempt_of(first), .version = 0, .offsets = {}};
  const auto& wanted = commands_[static_cast<std::size_t>(made.command)];
  auto& now = points_.back().streams[wanted.stream];
  if (first.kind == record_kind::refusal) {
    made.refused = true;
    made.offsets.push_back(first.offset);
    if (!refuses(made.command, size())) complain(fmt::format("the refusal @{} is not right there", raw(first.offset)));
  }
  if (wanted.expects >= 0 && static_cast<std::uint64_t>(wanted.expects) != now.version) {
    complain(fmt::format("c{} is folded at a version that it does not want", made.command + 1));
  }
  for (const auto& event : open_) {
    if (event.key != stream_names[wanted.stream]) complain(fmt::format("@{} is of another stream", raw(event.offset)));
    if (made.refused) break;
    if (raw(event.version) != now.version + 1) {
      complain(fmt::format("the event @{} has version {} after version {}", raw(event.offset), raw(event.version),
                           now.version));
    }
    ++now.version;
    now.count += wanted.adds > 0 ? 1 : -wanted.takes;
    made.offsets.push_back(event.offset);
  }
  if (now.count < 0) complain(fmt::format("the events up to @{} break a rule of the domain", raw(open_.back().offset)));
  made.version = now.version;
  points_.back().commits = commits_.size() + 1;
  if (find(made.command) != nullptr) complain(fmt::format("c{} is in the folded log twice", made.command + 1));
  if (std::ranges::find(ruled_out_, std::pair(made.command, made.attempt)) != ruled_out_.end()) {
    complain(fmt::format("c{} was told that it has no effect, and now it is in the folded log", made.command + 1));
  }
  commits_.push_back(std::move(made));
}

const book::accepted* book::find(int command, std::size_t among) const {
  for (std::size_t i = 0; i < std::min(among, commits_.size()); ++i) {
    if (commits_[i].command == command) return &commits_[i];
  }
  return nullptr;
}

bool book::refuses(int command, std::size_t records) const {
  if (find(command, points_[records].commits) != nullptr) return false;
  const auto takes = commands_[static_cast<std::size_t>(command)].takes;
  return takes > 0 && stream_of(command, records).count < takes;
}

bool book::mismatches(int command, std::size_t records) const {
  if (find(command, points_[records].commits) != nullptr) return false;
  const auto expects = commands_[static_cast<std::size_t>(command)].expects;
  return expects >= 0 && static_cast<std::uint64_t>(expects) != stream_of(command, records).version;
}

void book::rule_out(int command, int attempt) {
  const auto applied =
      std::ranges::any_of(commits_, [&](const auto& one) { return one.command == command && one.attempt == attempt; });
  if (applied) complain(fmt::format("c{} is told that it has no effect, but it is in the folded log", command + 1));
  ruled_out_.emplace_back(command, attempt);
}

}  // namespace foldlog::test
