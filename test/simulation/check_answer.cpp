#include "test/simulation/check_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace foldlog::test {
namespace {

// The answer to an applied command, as API.md section 2 has it.
std::string applied_body(const wanted_command& of, const accepted_commit& commit) {
  const auto position = [&](const record& each) {
    return fmt::format("bank.account/{}@{}", of.partition, raw(each.offset));
  };
  auto body = fmt::format(R"({{"command_id":"{}","stream":"bank/account/{}","version":{},"token":"{}","events":[)",
                          of.id, of.stream, commit.version, position(commit.records.back()));
  for (const auto& each : commit.records) {
    if (body.back() != '[') body += ',';
    body += fmt::format(R"({{"type":"{}","id":"{}/{}","version":{},"position":"{}","data":{}}})", each.type, each.key,
                        raw(each.version), raw(each.version), position(each), each.value);
  }
  return body + "]}";
}

std::optional<std::uint64_t> number_in(const std::string& body, std::string_view member) {
  const auto name = fmt::format("\"{}\":", member);
  const auto at = body.find(name);
  if (at == std::string::npos) return std::nullopt;
  std::uint64_t number = 0;
  const auto* begin = body.data() + at + name.size();
  if (std::from_chars(begin, body.data() + body.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

class answer_check {
 public:
  answer_check(world& in, const wanted_command& of, std::size_t attempt, const reply& got)
      : in_(in), of_(of), told_(of.attempts[attempt]), got_(got) {}

  ending run() {
    const auto kind = got_.problem();
    if (!got_.owned[static_cast<std::size_t>(of_.partition)] && kind != "not-ready" && kind != "log-unavailable")
      complain("I3", "comes from a node that had no business with the partition");
    if (got_.status == 200) return applied();
    if (kind == "refused") return no("version");
    if (kind == "version-mismatch") return no("current_version");
    if (kind == "command-id-reused") return reused();
    if (kind == "not-ready" || kind == "log-unavailable" || kind == "overloaded") {
      if (got_.status != 503) complain("I1", "has another status than 503");
      return ending::away;
    }
    if (kind == "outcome-unknown") return ending::doubt;
    complain("I1", "is none that this command can get");
    return ending::doubt;
  }

 private:
  void complain(std::string_view invariant, std::string_view what) {
    in_.judge.complain(invariant, fmt::format("the answer {} {} to {} ({} on {}, sent at offset {}, version {}): {}",
                                              got_.status, got_.body, of_.id, of_.what.command(), of_.stream,
                                              raw(told_.begin), told_.version, what));
  }

  // Commits of this very command that were complete when the answer left.
  std::vector<const accepted_commit*> own(bool refusal) const {
    auto all = in_.truth.commits(of_.stream, of_.id);
    std::erase_if(all, [&](const auto* each) {
      return each->of != &of_ || each->refusal != refusal || each->records.back().offset >= told_end();
    });
    return all;
  }
  [[nodiscard]] offset_t told_end() const { return got_.ends[static_cast<std::size_t>(of_.partition)]; }
  [[nodiscard]] bool replayed() const { return got_.header("Idempotent-Replayed").has_value(); }

  ending applied() {
    const auto commits = own(false);
    const auto found =
        std::ranges::find_if(commits, [&](const auto* each) { return applied_body(of_, *each) == got_.body; });
    if (found == commits.end()) {
      complain(replayed() ? "I6" : "I1", commits.empty()
                                             ? "no such commit was accepted when it left"
                                             : fmt::format("the log has {}", applied_body(of_, *commits.front())));
      return ending::applied;
    }
    const auto& commit = **found;
    const auto token = fmt::format("bank.account/{}@{}", of_.partition, raw(commit.records.back().offset));
    if (got_.header("ETag") != fmt::format("\"{}\"", commit.version)) complain("I6", "its ETag is not the version");
    if (got_.header("Foldlog-Token") != token) complain("I6", "its token is not the last event's position");
    if (commit.records.front().offset < of_.attempts.front().begin)
      complain("linearizable", "its commit is older than the command");
    return ending::applied;
  }

  // Decided on a state that the stream had at some moment between the question and the answer.
  ending no(std::string_view member) {
    const auto version = number_in(got_.body, member);
    if (!version) return complain("I1", "names no version"), ending::no;
    if (replayed()) return repeated_no();
    const auto* stream = in_.truth.find(of_.stream);
    const auto newest = stream == nullptr ? 0 : stream->version_at(told_end() - 1);
    if (*version < told_.version) complain("linearizable", "speaks of an older state than that at its question");
    if (*version > newest) complain("linearizable", "speaks of a state that the log does not have yet");
    if (!in_.judge.content()) return ending::no;
    const auto moment = stream == nullptr ? moment_of_stream{} : stream->moments[*version];
    if (!moment.ends_commit) complain("linearizable", "speaks of a version inside a commit");
    if (member == "version") {
      const auto due = decide(moment.state, of_.what);
      if (of_.expected && *of_.expected != *version) complain("linearizable", "was decided in spite of its condition");
      if (due) {
        complain("linearizable", "is refused, and should be applied at that version");
      } else if (got_.body.find(fmt::format(R"("code":"{}","version":{}{}}})", due.error().code, *version,
                                            due.error().members)) == std::string::npos) {
        complain("linearizable", fmt::format("the refusal due is {}{}", due.error().code, due.error().members));
      }
    } else if (!of_.expected || *of_.expected == *version) {
      complain("linearizable", "a mismatch where there is none");
    }
    check_not_applied_before(*version);
    return ending::no;
  }

  // A command that was applied within the window is never decided again.
  void check_not_applied_before(std::uint64_t version) {
    for (const auto* each : in_.truth.commits(of_.stream, of_.id)) {
      if (each->records.back().offset >= told_.begin) continue;
      std::uint64_t since = 0;  // commands between the two, at least
      for (const auto& other : in_.truth.all()) {
        if (other.of->stream == of_.stream && other.ordinal > each->ordinal && other.version <= version) ++since;
      }
      if (since >= in_.how.owner.window_commands) continue;
      complain("I6",
               fmt::format("it was applied before, as command {} of its stream, and is decided again", each->ordinal));
    }
  }

  ending repeated_no() {
    for (const auto* each : own(true)) {
      auto due = std::string(each->records.front().value);
      const auto code = due.find("\"code\":");
      const auto version = number_in(due, "version");
      const auto members_at = due.find(',', code);
      const auto code_text = due.substr(code, (members_at == std::string::npos ? due.size() - 1 : members_at) - code);
      const auto members = members_at == std::string::npos ? "}" : due.substr(members_at);
      const auto text = fmt::format("{},\"version\":{}{}", code_text, version.value_or(0), members);
      if (got_.body.find(text) != std::string::npos) return ending::no;
    }
    complain("I6", "no such refusal was recorded");
    return ending::no;
  }

  ending reused() {
    const auto all = in_.truth.commits(of_.stream, of_.id);
    const bool other = std::ranges::any_of(
        all, [&](const auto* each) { return each->of != &of_ && each->records.back().offset < told_end(); });
    if (!other) complain("I6", "no other command used the id");
    return ending::reused;
  }

  world& in_;
  const wanted_command& of_;
  const attempt& told_;
  const reply& got_;
};

// Some attempt may have led to a commit there: it was applied, or nobody can know.
bool may_have_led_to(const wanted_command& of, const accepted_commit& commit) {
  const auto first = commit.records.front().offset;
  for (std::size_t i = 0; i < of.attempts.size(); ++i) {
    const auto& each = of.attempts[i];
    if (each.begin > first) continue;
    if (each.how == ending::applied || each.how == ending::broken || each.how == ending::open) return true;
    if (commit.refusal && each.how == ending::no) return true;
    if (each.how != ending::doubt) continue;
    // A later no settles a doubt.
    const bool settled = std::any_of(
        of.attempts.begin() + static_cast<std::ptrdiff_t>(i), of.attempts.end(),
        [&](const attempt& later) { return later.how == ending::no && later.begin >= each.end && later.end <= first; });
    if (!settled) return true;
  }
  return false;
}

}  // namespace

ending check_answer(world& in, const wanted_command& of, std::size_t attempt, const reply& got) {
  return answer_check(in, of, attempt, got).run();
}

void check_endings(world& in) {
  for (const auto& commit : in.truth.all()) {
    if (may_have_led_to(*commit.of, commit)) continue;
    in.judge.complain("I1", fmt::format("the command {} on {} was told that it is not applied, and it is at offset {}",
                                        commit.of->id, commit.of->stream, raw(commit.records.front().offset)));
  }
  for (const auto& each : in.book.all()) {
    if (!each.certain) in.judge.complain("I1", fmt::format("the command {} on {} is in doubt", each.id, each.stream));
  }
}

}  // namespace foldlog::test
