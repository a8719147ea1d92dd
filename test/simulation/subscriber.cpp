#include "test/simulation/subscriber.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <charconv>

#include "test/simulation/bank_views.h"

namespace foldlog::test {

using namespace std::chrono_literals;

subscriber_client::subscriber_client(client_world& of, std::string name)
    : of_(of), luck_(of.in.luck.fork()), name_(std::move(name)), next_(static_cast<std::size_t>(of.in.how.partitions)) {
  if (luck_.one_in(4)) types_ = {"bank.AccountClosed.v1", "bank.WithdrawalMade.v1"};
}

subscriber_client::~subscriber_client() = default;

void subscriber_client::connect_soon() {
  of_.in.time.after(luck_.delay(4 * of_.in.how.think_time), [this] { connect(); });
}

void subscriber_client::connect() {
  held_.clear();
  call what{http::method::get, "/v1/events/bank/account", {}, {{"Accept", "text/event-stream"}}, {}};
  if (!types_.empty()) what.query = fmt::format("types={}", fmt::join(types_, ","));
  if (!delivered_to_.positions.empty()) {
    ++resumes_;
    what.headers.emplace_back("Last-Event-ID", delivered_to_.text());
  }
  const auto slot = luck_.below(of_.nodes.size());
  of_.in.notes.note("{} subscribes at {} after {}", name_, slot, delivered_to_.text());
  of_.nodes.send(slot, std::move(what), [this](const std::optional<reply>& got) {
    if (got && got->status == 200 && got->stream) return open(*got);
    if (got && got->status != 503)
      of_.in.judge.complain("I8", fmt::format("a subscription is answered {} {}", got->status, got->body));
    connect_soon();
  });
}

void subscriber_client::open(const reply& got) {
  auto* from = *got.alive;
  if (from == nullptr) return connect_soon();
  const auto number = ++connection_;
  stream_ = std::make_shared<sim_stream>(
      of_.in, *from,
      [this, number](const std::string& piece) {
        if (number == connection_) take(piece);
      },
      [this, number] {
        if (number == connection_) lose();
      });
  from->add(stream_);
  boost::asio::post(from->context(), [begin = got.stream, to = stream_] { begin(to); });
  from->turn_soon();
  // Now and then it leaves by itself.
  if (of_.in.calm() || !luck_.one_in(3)) return;
  of_.in.time.after(luck_.delay(100 * of_.in.how.think_time), [this, number] {
    if (number == connection_ && stream_) stream_->leave();
  });
}

void subscriber_client::lose() {
  stream_.reset();
  of_.in.notes.note("{} lost its stream", name_);
  connect_soon();
}

void subscriber_client::take(const std::string& piece) {
  held_ += piece;
  for (auto end = held_.find("\n\n"); end != std::string::npos; end = held_.find("\n\n")) {
    const auto event = held_.substr(0, end + 2);
    held_.erase(0, end + 2);
    if (!event.starts_with(':')) take_event(event);
  }
}

const record* subscriber_client::next_due(std::size_t partition) {
  const auto& all = of_.in.truth.events(static_cast<std::int32_t>(partition));
  auto& next = next_[partition];
  while (next < all.size() && !types_.empty() && !types_.contains(all[next].type)) ++next;
  return next < all.size() ? &all[next] : nullptr;
}

void subscriber_client::take_event(std::string_view text) {
  ++delivered_;
  constexpr std::string_view mark = R"("position":"bank.account/)";
  const auto at = text.find(mark);
  std::size_t partition = next_.size();
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), partition);
  }
  if (partition >= next_.size()) {
    return of_.in.judge.complain("I8", fmt::format("{} gets what is no event: {}", name_, text));
  }
  const auto* due = next_due(partition);
  if (due == nullptr) {
    // Damage that only folds can see (an event of a wrong version) is none for a subscription.
    if (of_.in.truth.halted(static_cast<std::int32_t>(partition))) return;
    return of_.in.judge.complain("I8", fmt::format("{} gets what was not accepted, or again: {}", name_, text));
  }
  delivered_to_.set("bank.account", static_cast<std::int32_t>(partition), due->offset);
  const auto whole =
      fmt::format("id: {}\nevent: {}\ndata: {{\"stream\":\"bank/account/{}\",{}}}\n\n", delivered_to_.text(), due->type,
                  due->key, event_members(*due, static_cast<std::int32_t>(partition)));
  if (text != whole) {
    return of_.in.judge.complain("I8", fmt::format("{} gets {} where {} is due", name_, text, whole));
  }
  ++next_[partition];
  of_.in.notes.note("{} gets {}", name_, delivered_to_.text());
}

bool subscriber_client::complete() const {
  for (std::size_t i = 0; i < next_.size(); ++i) {
    const auto& all = of_.in.truth.events(static_cast<std::int32_t>(i));
    for (auto next = next_[i]; next < all.size(); ++next) {
      if (types_.empty() || types_.contains(all[next].type)) return false;
    }
  }
  return true;
}

}  // namespace foldlog::test
