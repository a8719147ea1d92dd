// What an answer to a read must be.
#include <fmt/format.h>

#include <algorithm>

#include "test/simulation/reader.h"

namespace foldlog::test {
namespace {

std::string text_of(const reach& at) {
  std::vector<std::int64_t> offsets;
  for (const auto each : at) offsets.push_back(raw(each));
  return fmt::format("{}", fmt::join(offsets, ","));
}

bool covers(const reach& at, const reach& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (at[i] < wanted[i]) return false;
  }
  return true;
}

}  // namespace

void reader_client::complain(std::string_view invariant, const question& of, const reply& got, std::string_view what) {
  of_.in.judge.complain(invariant, fmt::format("the answer {} {} ({}) to {} with token {}: {}", got.status, got.body,
                                               got.header("Foldlog-Position").value_or("no position"), path(of),
                                               text_of(of.token), what));
}

std::optional<reach> reader_client::read_position(const question& of, const reply& got) {
  reach at(seen_.size(), no_offset);
  const auto text = got.header("Foldlog-Position");
  if (!text) return complain("I7", of, got, "it has no position"), std::nullopt;
  if (text->empty()) return at;
  const auto parsed = token::parse(*text);
  if (!parsed) return complain("I7", of, got, "its position is no token"), std::nullopt;
  for (const auto& part : parsed->positions) {
    const auto place = static_cast<std::size_t>(part.at.partition);
    if (part.at.topic != "bank.account" || place >= at.size())
      return complain("I7", of, got, "its position names what there is not"), std::nullopt;
    at[place] = part.offset;
  }
  return at;
}

void reader_client::check_position(const question& of, const reply& got, const reach& at) {
  if (!covers(at, of.token)) complain("I7", of, got, "it does not reflect the token");
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (at[i] >= got.ends[i]) complain("I7", of, got, "its position is beyond the log's end");
    seen_[i] = std::max(seen_[i], at[i]);
  }
  // One process answers from newer and newer moments; this client asks one question after the other.
  const auto name = of.what == kind::row || of.what == kind::list ? of.view : std::string("streams");
  auto& [life, last] = shown_[{of.slot, name}];
  if (of_.nodes.life(of.slot) == of.life) {
    if (life == of.life && !covers(at, last)) complain("I7", of, got, "it goes back behind " + text_of(last));
    life = of.life;
    last = at;
  }
  for (const auto& [id, stream] : of_.in.truth.streams()) {
    const auto version = stream.version_at(at[static_cast<std::size_t>(stream.partition)]);
    if (!stream.moments[version].ends_commit) complain("I4", of, got, fmt::format("it shows {} inside a commit", id));
  }
}

void reader_client::check_problem(const question& of, const reply& got) {
  const auto kind_of = got.problem();
  const bool behind = kind_of == "projection-behind" && !of.token.empty();
  if (got.status == 503 && (behind || kind_of == "log-unavailable")) {
    if (!of.steady) return;
    return kind_of == "log-unavailable" ? complain("live", of, got, "nothing fails any more") : void();
  }
  const bool of_stream = of.what == kind::events || of.what == kind::state;
  const auto* stream = of_.in.truth.find(of.key);
  const auto known = of.token.empty() || stream == nullptr
                         ? 0
                         : stream->version_at(of.token[static_cast<std::size_t>(stream->partition)]);
  if (kind_of == "no-such-stream" && of_stream) {
    if (known > 0) complain("I7", of, got, "the token shows that there is one");
    return;
  }
  if (kind_of == "invalid-parameter" && of.what == kind::state && of.version > 0) {
    if (known >= of.version) complain("I7", of, got, "the token shows that there is this version");
    return;
  }
  complain("I4", of, got, "is none that this read can get");
}

void reader_client::check_row(const question& of, const reply& got, const reach& at) {
  const auto rows = rows_at(of_.in.truth, of.view, at);
  const auto due = rows.find(of.key);
  if (got.status == 404) {
    if (due != rows.end()) complain("I4", of, got, fmt::format("the row due is {}", due->second));
    return;
  }
  const auto& body = got.status == 304 ? of.tagged : got.body;
  if (due == rows.end()) return complain("I4", of, got, "no such row is due");
  if (due->second != body) return complain("I4", of, got, fmt::format("the row due is {}", due->second));
  const auto tag = got.header("ETag");
  if (!tag) return complain("I4", of, got, "it has no ETag");
  tags_[path(of)] = {*tag, body};
}

void reader_client::check_list(question of, const reply& got, const reach& at) {
  auto all = list_at(of_.in.truth, of.view, of.index, at);
  if (!of.value.empty()) std::erase_if(all, [&](const auto& each) { return each.text != of.value; });
  if (of.descending) std::ranges::reverse(all);
  if (of.after) {
    std::erase_if(all, [&](const auto& each) {
      return of.descending ? each.place() >= of.after->place() : each.place() <= of.after->place();
    });
  }
  const auto count = std::min(all.size(), of.limit);
  std::string due = R"({"rows":[)";
  for (std::size_t i = 0; i < count; ++i) {
    due += fmt::format(R"({}{{"key":"{}","row":{}}})", i > 0 ? "," : "", all[i].key, all[i].row);
  }
  due += R"(],"next":)";
  if (!got.body.starts_with(due)) return complain("I4", of, got, fmt::format("the page due is {}", due));
  const auto rest = got.body.substr(due.size());
  if (count == all.size()) {
    if (rest != "null}") complain("I4", of, got, "there is no next page");
    return;
  }
  if (!rest.starts_with('"') || !rest.ends_with("\"}")) return complain("I4", of, got, "there is a next page");
  of.cursor = rest.substr(1, rest.size() - 3);
  of.after = all[count - 1];
  of.slot = luck_.below(of_.nodes.size());
  choose_token(of);
  next_page_ = std::move(of);
}

void reader_client::check_events(const question& of, const reply& got, const reach& at) {
  const auto* stream = of_.in.truth.find(of.key);
  const auto newest = stream == nullptr ? 0 : stream->version_at(at[static_cast<std::size_t>(stream->partition)]);
  std::string due = fmt::format(R"({{"stream":"bank/account/{}","version":{},"events":[)", of.key, newest);
  auto version = of.version;
  for (; version <= newest && version < of.version + of.limit; ++version) {
    due += fmt::format("{}{{{}}}", version > of.version ? "," : "",
                       event_members(stream->moments[version].event, stream->partition));
  }
  due += version <= newest ? fmt::format(R"(],"next":{}}})", version) : std::string(R"(],"next":null})");
  if (newest == 0 || got.body != due) complain("I4", of, got, fmt::format("the events due are {}", due));
}

void reader_client::check_state(const question& of, const reply& got, const reach& at) {
  const auto* stream = of_.in.truth.find(of.key);
  const auto newest = stream == nullptr ? 0 : stream->version_at(at[static_cast<std::size_t>(stream->partition)]);
  const auto version = of.version == 0 ? newest : of.version;
  if (version == 0 || version > newest) return complain("I4", of, got, "there is no such version");
  const auto due = fmt::format(R"({{"stream":"bank/account/{}","version":{},"state":{}}})", of.key, version,
                               state_text(stream->moments[version].state));
  if (got.body != due) complain("I4", of, got, fmt::format("the state due is {}", due));
}

}  // namespace foldlog::test
