#include "test/simulation/reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace foldlog::test {

using namespace std::chrono_literals;

reader_client::reader_client(client_world& of, std::string name)
    : of_(of),
      luck_(of.in.luck.fork()),
      name_(std::move(name)),
      seen_(static_cast<std::size_t>(of.in.how.partitions), no_offset) {}

void reader_client::start() {
  stopped_ = false;
  think();
}

void reader_client::think() {
  if (std::exchange(thinks_, true)) return;
  of_.in.time.after(luck_.delay(3 * of_.in.how.think_time), [this] { choose(); });
}

void reader_client::choose() {
  thinks_ = false;
  if (stopped_) return;
  if (next_page_) {
    auto asked = *std::exchange(next_page_, std::nullopt);
    asked.limit = 1 + luck_.below(4);
    return send(std::move(asked));
  }
  send(invent());
}

reader_client::question reader_client::invent() {
  question made;
  made.what = static_cast<kind>(luck_.below(4));
  made.limit = 1 + luck_.below(4);
  made.slot = luck_.below(of_.nodes.size());
  choose_token(made);
  if (made.what == kind::events || made.what == kind::state) {
    made.key = of_.account(luck_);
    const auto newest = of_.in.truth.version(made.key);
    made.version = luck_.one_in(3) ? 0 : 1 + luck_.below(newest + 2);
    if (made.what == kind::events && made.version == 0) made.version = 1;
    return made;
  }
  constexpr std::array views{"accounts", "owners", "turnover"};
  made.view = views[luck_.below(3)];
  if (made.what == kind::list) {
    made.descending = luck_.one_in(2);
    if (made.view == "accounts" && luck_.one_in(2)) made.index = luck_.one_in(2) ? "owner" : "balance";
    if (made.index == "owner" && luck_.one_in(4)) made.value = "o" + std::to_string(luck_.below(3));
    return made;
  }
  made.key = made.view == "accounts" ? of_.account(luck_)
             : made.view == "owners" ? "o" + std::to_string(luck_.below(3))
                                     : (luck_.one_in(2) ? "EUR:" : "USD:") + written_day(timestamp(1'795'250'000s));
  return made;
}

// All that the client has seen, or a commit that was accepted lately, or nothing.
void reader_client::choose_token(question& of) {
  if (luck_.one_in(3)) return;
  of.token = seen_;
  const auto& all = of_.in.truth.all();
  if (all.empty() || luck_.one_in(3)) return;
  const auto& commit = all[all.size() - 1 - luck_.below(std::min<std::size_t>(all.size(), 4))];
  auto& place = of.token[static_cast<std::size_t>(commit.of->partition)];
  place = std::max(place, commit.records.back().offset);
}

std::string reader_client::path(const question& of) const {
  switch (of.what) {
    case kind::row:
      return fmt::format("/v1/views/bank/{}/{}", of.view, of.key);
    case kind::list:
      return fmt::format("/v1/views/bank/{}", of.view);
    case kind::events:
      return fmt::format("/v1/streams/bank/account/{}", of.key);
    case kind::state:
      return fmt::format("/v1/streams/bank/account/{}/state", of.key);
  }
  return {};
}

void reader_client::send(question asked) {
  auto& in = of_.in;
  call what{http::method::get, path(asked), {}, {}, {}};
  const auto ask = [&](std::string_view name, const std::string& value) {
    what.query += fmt::format("{}{}={}", what.query.empty() ? "" : "&", name, value);
  };
  if (asked.what == kind::list) {
    ask("limit", std::to_string(asked.limit));
    if (asked.descending) ask("order", "desc");
    if (!asked.index.empty()) ask("index", asked.index);
    if (!asked.value.empty()) ask("value", asked.value);
    if (!asked.cursor.empty()) ask("cursor", asked.cursor);
  }
  if (asked.what == kind::events) {
    ask("from_version", std::to_string(asked.version));
    ask("limit", std::to_string(asked.limit));
  }
  if (asked.what == kind::state && asked.version > 0) ask("version", std::to_string(asked.version));
  token wanted;
  for (std::size_t i = 0; i < asked.token.size(); ++i) {
    if (asked.token[i] != no_offset) wanted.set("bank.account", static_cast<std::int32_t>(i), asked.token[i]);
  }
  if (!wanted.positions.empty()) {
    what.headers.emplace_back("Foldlog-Token", wanted.text());
    what.headers.emplace_back("Prefer", luck_.one_in(4) ? "wait=0" : "wait=1");
  }
  if (const auto known = tags_.find(what.path); asked.what == kind::row && known != tags_.end() && luck_.one_in(2)) {
    std::tie(asked.tag, asked.tagged) = known->second;
    what.headers.emplace_back("If-None-Match", asked.tag);
  }
  waits_ = true;
  asked.life = of_.nodes.life(asked.slot);
  asked.steady = in.steady;
  in.notes.note("{} reads {}?{} of {}", name_, what.path, what.query, asked.slot);
  const auto slot = asked.slot;
  of_.nodes.send(slot, std::move(what), [this, asked = std::move(asked)](std::optional<reply> got) mutable {
    meet(std::move(asked), std::move(got));
  });
}

void reader_client::meet(question asked, std::optional<reply> got) {
  waits_ = false;
  think();
  of_.in.notes.note("{} is told: {} {}", name_, got ? got->status : 0,
                    got && got->status == 200 ? got->body : std::string());
  if (!got) return;
  ++answered_;
  const bool row = asked.what == kind::row;
  if (got->status != 200 && !(row && (got->status == 304 || got->problem() == "no-such-row"))) {
    return check_problem(asked, *got);
  }
  const auto at = read_position(asked, *got);
  if (!at) return;
  check_position(asked, *got, *at);
  if (!of_.in.judge.content()) return;
  switch (asked.what) {
    case kind::row:
      return check_row(asked, *got, *at);
    case kind::list:
      return check_list(std::move(asked), *got, *at);
    case kind::events:
      return check_events(asked, *got, *at);
    case kind::state:
      return check_state(asked, *got, *at);
  }
}

}  // namespace foldlog::test
