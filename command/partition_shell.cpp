#include "command/partition_shell.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/base/fail_point.h"
#include "core/runtime/logging.h"

namespace foldlog {
namespace {

// The outcome of a command, as its records tell it.
result<command_outcome> outcome_of(const record_batch& records, const remembered& first) {
  command_outcome outcome{.kind = first.refused ? outcome_kind::refused : outcome_kind::applied,
                          .version = first.version,
                          .replayed = true};
  for (const auto& item : records.items) {
    const auto& one = item.record;
    if (!std::ranges::binary_search(first.offsets, one.offset)) continue;
    if (!first.refused) {
      outcome.events.push_back({std::string(one.type), std::string(one.value), one.offset});
      outcome.last_event = one.offset;
      continue;
    }
    json::parser parser;
    const auto body = parser.parse(one.value);
    const auto code = body ? body->find("code") : std::nullopt;
    if (!code)
      return fail(error_kind::damaged, fmt::format("the refusal at offset {} does not parse", raw(one.offset)));
    outcome.refusal.code = code->as_string();
    for (const auto [name, value] : body->members()) {
      if (name == "command" || name == "version" || name == "code") continue;
      outcome.refusal.members += ',';
      json::append_string(outcome.refusal.members, name);
      outcome.refusal.members += ':';
      json::append(outcome.refusal.members, value);
    }
    return outcome;
  }
  if (outcome.events.size() != first.offsets.size())
    return fail(error_kind::damaged, "records of the first attempt are missing");
  return outcome;
}

bool is_last_counted(const result<record_batch>& found, const folded_place& place) {
  if (!found || found->items.size() != 1) return false;
  const auto& there = found->items[0].record;
  return there.offset == place.last_counted && there.epoch == place.last_epoch &&
         there.epoch_sequence == place.last_sequence;
}

std::string describe_misfit(std::string_view topic, partition_id at, const folded_place& place,
                            const result<record_batch>& found) {
  std::string there = "nothing";
  if (!found) {
    there = found.error().text;
  } else if (!found->items.empty()) {
    const auto& other = found->items[0].record;
    there = fmt::format("another record, of epoch {}, sequence {}", other.epoch.text(), other.epoch_sequence);
  }
  return fmt::format(
      "the log was cut, recreated or damaged: the write model was folded up to {}/{}@{} (epoch {}, sequence {}), where "
      "the log has: {}. Restore the log; or, to accept what is lost, stop the node, delete its write_model folder and "
      "start it again",
      topic, at.partition, raw(place.last_counted), place.last_epoch.text(), place.last_sequence, there);
}

}  // namespace

partition_shell::partition_shell(const category& of, std::string topic, partition_id at, store& rows,
                                 owner_options options, partition_surroundings& around, random_source random)
    : topic_(std::move(topic)),
      at_(at),
      around_(around),
      rows_(rows, of, topic_, at.partition),
      owner_(of, rows_, std::move(options), *this, around.time, std::move(random)) {}

partition_shell::~partition_shell() = default;

result<void> partition_shell::start() {
  auto place = rows_.open();
  fail_point("partition-opened");
  if (!place) return std::unexpected(place.error());
  check_place(*place);
  return {};
}

// The last record that was folded is certain: where it is no longer there, acknowledged commands were lost. That is for
// an operator to know, not to be folded over.
void partition_shell::check_place(const folded_place& place) {
  if (place.last_counted == no_offset) {
    return opened(place);
  }
  around_.log.fetch(at_, place.last_counted, place.last_counted,
                    [self = shared_from_this(), place](const result<record_batch>& found) {
                      if (!self->stopped_) self->start_from(place, found);
                    });
}

void partition_shell::start_from(const folded_place& place, const result<record_batch>& found) {
  if (is_last_counted(found, place)) return opened(place);
  if (found || found.error().kind != error_kind::unavailable) {
    return owner_.halt(describe_misfit(topic_, at_, place, found));
  }
  timer_ = around_.alarm(std::chrono::milliseconds(500), [weak = weak_from_this(), place] {
    const auto self = weak.lock();
    if (self && !self->stopped_) self->check_place(place);
  });
}

void partition_shell::opened(const folded_place& place) {
  owner_.start(place);
  opened_ = true;
  apply();
}

void partition_shell::wish(partition_wish wanted) {
  wish_ = wanted;
  apply();
}

void partition_shell::apply() {
  if (!opened_ || stopped_) return;
  switch (wish_) {
    case partition_wish::own:
      return owner_.offer();
    case partition_wish::stand_by:
      owner_.release(false);
      return owner_.follow();
    case partition_wish::rest:
      owner_.release(false);
      return owner_.rest();
  }
}

void partition_shell::drop() {
  if (opened_ && !stopped_) owner_.release(true);
}

bool partition_shell::takes_commands() const {
  switch (owner_.phase()) {
    case owner_phase::claiming:
    case owner_phase::reading:
    case owner_phase::serving:
    case owner_phase::checking:
      return !owner_.leaving();
    default:
      return false;
  }
}

bool partition_shell::rests() const {
  const auto phase = owner_.phase();
  return phase == owner_phase::vacant || phase == owner_phase::following || phase == owner_phase::halted;
}

void partition_shell::submit(std::unique_ptr<command> wanted) {
  owner_.submit(std::move(wanted));
  flush_soon();
}

void partition_shell::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(around_.executor, [self = shared_from_this()] {
    self->flush_posted_ = false;
    if (!self->stopped_) self->owner_.flush();
  });
}

void partition_shell::read(std::span<const record> records) {
  owner_.read(records);
  owner_.flush();
}

void partition_shell::read_failed(const error& why) {
  owner_.read_failed({why.kind, fmt::format("{}/{}: {}", topic_, at_.partition, why.text)});
  owner_.flush();
}

void partition_shell::tick() { owner_.tick(); }

void partition_shell::retire() { owner_.retire(); }

void partition_shell::stop() {
  stopped_ = true;
  timer_.reset();
}

void partition_shell::append(std::uint64_t append_id, std::span<const record> records) {
  fail_point("owner-before-append");
  around_.log.append(at_, records, [self = shared_from_this(), append_id](const append_result& outcome) {
    if (self->stopped_) return;
    fail_point("owner-append-reported");
    self->owner_.appended(append_id, outcome);
    self->owner_.flush();
  });
}

void partition_shell::read_from(offset_t offset) { around_.read_from(at_, offset); }
void partition_shell::stop_reading() { around_.stop_reading(at_); }

void partition_shell::answer(command& of, command_outcome outcome) {
  fail_point("owner-before-answer");
  auto done = std::move(of.done);
  of.done = nullptr;
  if (done) done(of, std::move(outcome));
  fail_point("owner-after-answer");
}

void partition_shell::answer_again(std::unique_ptr<command> of, const remembered& first) {
  around_.log.fetch(at_, first.offsets.front(), first.offsets.back(),
                    [self = shared_from_this(), of = std::move(of), first](result<record_batch> found) mutable {
                      if (self->stopped_) return;
                      auto outcome =
                          found ? outcome_of(*found, first) : result<command_outcome>(std::unexpected(found.error()));
                      if (!outcome)
                        outcome = command_outcome{.kind = outcome_kind::unknown, .detail = outcome.error().text};
                      self->answer(*of, std::move(*outcome));
                    });
}

void partition_shell::save(std::unique_ptr<store_batch> batch) {
  around_.writer.write(std::move(batch), [self = shared_from_this()](result<void> outcome) {
    if (self->stopped_) return;
    if (!outcome)
      log(log_level::warning, "the write model can't be written",
          {{"topic", self->topic_}, {"reason", outcome.error().text}});
    self->owner_.saved(outcome);
  });
}

void partition_shell::wake_after(std::chrono::nanoseconds time) {
  const auto at = around_.time.monotonic() + time;
  if (at >= wakes_at_) return;
  wakes_at_ = at;
  timer_ = around_.alarm(time, [self = weak_from_this()] {
    const auto shell = self.lock();
    if (!shell || shell->stopped_) return;
    shell->wakes_at_ = std::chrono::nanoseconds::max();
    shell->owner_.tick();
  });
}

void partition_shell::phase_changed(owner_phase now, std::string_view why) {
  if (now == owner_phase::reading) fail_point("partition-claimed");
  if (now == owner_phase::serving) fail_point("partition-serving");
  if (around_.phase_changed) around_.phase_changed(at_);
  const bool bad = now == owner_phase::deposed || now == owner_phase::halted;
  log(now == owner_phase::halted ? log_level::error
      : bad                      ? log_level::warning
                                 : log_level::debug,
      "partition", {{"topic", topic_}, {"partition", at_.partition}, {"state", name(now)}, {"reason", why}});
}

}  // namespace foldlog
