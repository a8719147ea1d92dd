#include "test/simulation/client.h"

#include "core/base/hash.h"
#include "test/simulation/check_answer.h"

namespace foldlog::test {

using namespace std::chrono_literals;

writer_client::writer_client(client_world& of, std::string name)
    : of_(of), luck_(of.in.luck.fork()), name_(std::move(name)) {}

void writer_client::start() {
  stopped_ = false;
  think();
}

void writer_client::think() {
  of_.in.time.after(luck_.delay(of_.in.how.think_time), [this] { choose(); });
}

void writer_client::choose() {
  if (stopped_) return;
  const auto what = luck_.below(10);
  auto& chosen = what < 8 || of_.in.book.all().empty() ? make_new() : choose_old();
  insist_on(chosen);
}

action writer_client::invent(chance& luck) {
  action made;
  const auto what = luck.below(20);
  made.kind = what < 3    ? action_kind::create
              : what < 11 ? action_kind::deposit
              : what < 19 ? action_kind::withdraw
                          : action_kind::close;
  made.owner = "o" + std::to_string(luck.below(3));
  made.currency = luck.one_in(2) ? "EUR" : "USD";
  made.limit = static_cast<std::int64_t>(luck.below(3)) * 50;
  made.amount = 1 + static_cast<std::int64_t>(luck.below(luck.one_in(2) ? 20 : 200));
  return made;
}

wanted_command& writer_client::make_new() {
  wanted_command made;
  made.stream = of_.account(luck_);
  made.partition = partition_of(made.stream, of_.in.how.partitions);
  made.id = name_ + "-" + std::to_string(++made_);
  made.what = invent(luck_);
  if (luck_.one_in(3)) made.what.reference = "r" + std::to_string(made_);
  const auto known = of_.in.truth.version(made.stream);
  if (luck_.one_in(4)) made.expected = known + (luck_.one_in(3) ? 1 : 0);
  return of_.in.book.add(std::move(made));
}

// A repeat of some command of the last ones; or its id with another body, or on another stream.
wanted_command& writer_client::choose_old() {
  auto& all = of_.in.book.all();
  auto& old = all[all.size() - 1 - luck_.below(std::min<std::size_t>(all.size(), 20))];
  const auto how = luck_.below(6);
  if (how > 1) return old;
  wanted_command made{old.stream, old.partition, old.id, old.what, old.expected, {}, false};
  if (how == 0) {
    made.stream = of_.account(luck_);
    made.partition = partition_of(made.stream, of_.in.how.partitions);
  }
  made.what.amount += 1 + static_cast<std::int64_t>(all.size());
  made.what.owner += "x";
  if (made.what.kind == action_kind::close) return old;
  for (auto* each : of_.in.book.find(made.stream, made.id)) {
    if (each->hash() == made.hash()) return *each;  // the same command after all
  }
  return of_.in.book.add(std::move(made));
}

void writer_client::insist_on(wanted_command& old) {
  now_ = &old;
  to_ = luck_.below(of_.nodes.size());
  send();
}

void writer_client::send() {
  auto& in = of_.in;
  call what{http::method::post,
            fmt::format("/v1/commands/bank/account/{}/{}", now_->stream, now_->what.command()),
            {},
            {{"Content-Type", "application/json"}, {"Idempotency-Key", now_->id}},
            now_->what.body()};
  if (now_->expected) {
    if (*now_->expected == 0 && luck_.one_in(2))
      what.headers.emplace_back("If-None-Match", "*");
    else
      what.headers.emplace_back("If-Match", fmt::format("\"{}\"", *now_->expected));
  }
  const auto number = now_->attempts.size();
  now_->attempts.push_back({in.records.end(now_->partition), in.truth.version(now_->stream)});
  const auto sent = ++sent_;
  in.notes.note("{} sends {} {} on {} {} to {}", name_, now_->id, now_->what.command(), now_->stream, what.body, to_);
  of_.nodes.send(to_, std::move(what), [this, number, of = now_, sent](std::optional<reply> got) {
    if (of == now_ && sent == sent_) meet(number, std::move(got), sent);
  });
  // A client does not wait for ever; a node looks about every 100 ms which commands are overdue.
  const auto patience = in.how.command_timeout * 3 + luck_.delay(100ms) + (in.steady ? 1s : 0s);
  in.time.after(patience, [this, number, sent, steady = in.steady] {
    if (now_ == nullptr || sent != sent_) return;
    if (!steady) return meet(number, std::nullopt, sent);
    of_.in.judge.complain("live", fmt::format("the command {} on {} got no answer at all", now_->id, now_->stream));
  });
}

void writer_client::meet(std::size_t number, std::optional<reply> got, std::uint64_t) {
  ++sent_;
  auto& in = of_.in;
  auto& told = now_->attempts[number];
  told.end = got ? got->ends[static_cast<std::size_t>(now_->partition)] : in.records.end(now_->partition);
  told.how = got ? check_answer(in, *now_, number, *got) : ending::broken;
  in.notes.note("{} is told about {}: {}", name_, now_->id, got ? got->status : 0);
  if (told.how == ending::applied || told.how == ending::no || told.how == ending::reused) {
    now_->certain = true;
    now_ = nullptr;
    return think();
  }
  if (!in.calm() && luck_.one_in(12)) {  // somebody gives up; the end of the run asks again
    now_ = nullptr;
    return think();
  }
  if (luck_.one_in(2)) to_ = luck_.below(of_.nodes.size());
  in.time.after(luck_.delay(8 * in.how.think_time), [this] {
    if (now_ != nullptr) send();
  });
}

}  // namespace foldlog::test
