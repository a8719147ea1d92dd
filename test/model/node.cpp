#include <fmt/format.h>

#include <utility>

#include "inspector.h"
#include "world.h"

namespace foldlog::test {

node::node(world& in, int index) : in_(in), index_(index) { boot(); }

void node::boot() {
  reading.reset();
  saving = false;
  owner_.reset();
  store_ = std::make_shared<model_store>();
  for (auto& [place, batch] : batches) std::ignore = store_->write(*batch);
  model_ = std::make_unique<write_model>(*store_, counters(in_.limits().recorded_refusals), "test.counter", 0);
  const auto place = model_->open();
  if (!place) return in_.complain("the write model does not open");
  owner_options options;
  options.in_flight_appends = in_.limits().in_flight;
  options.save_commits = in_.limits().late_saves ? 0 : 1;  // 0: reading, too, waits for the store
  options.save_after = std::chrono::hours(100'000);
  if (in_.limits().cold_streams) options.hot_bytes = 1;
  options.proof_interval = std::chrono::milliseconds(in_.limits().paced_proofs ? 1 : 0);
  options.node = "n";
  const auto random = [this] { return ((static_cast<std::uint64_t>(index_) + 1) * 1000 + chances_++) << 32; };
  owner_ = std::make_unique<foldlog::owner>(counters(in_.limits().recorded_refusals), *model_, std::move(options),
                                            *this, time, random);
  owner_->start(*place);
}

void node::crash(std::size_t batches_kept) {
  batches.resize(batches_kept);
  for (auto& append : sent) {
    append.told = true;
    if (!append.whole()) append.failed = true;
  }
  boot();
}

void node::append(std::uint64_t append_id, std::span<const record> records) {
  auto& made = sent.emplace_back();
  made.id = append_id;
  std::string what;
  for (const auto& one : records) {
    if (one.kind == record_kind::claim) in_.name_claim(one.epoch.nonce, name());
    made.records.push_back(in_.keep(one));
    if (in_.telling()) what += (what.empty() ? "" : ", ") + in_.label(one);
  }
  if (in_.telling()) in_.say(fmt::format("; it hands over append {}{} [{}]", name(), sent.size(), what));
}

void node::answer(command& of, command_outcome outcome) {
  if (!std::exchange(of.done, nullptr)) return;
  in_.answered(of, outcome);
}

void node::answer_again(std::unique_ptr<command> of, const remembered& first) {
  if (std::exchange(of->done, nullptr)) in_.answered_again(*of, first);
}

void node::save(std::unique_ptr<store_batch> batch) {
  batches.emplace_back(owner_->place().next, static_cast<model_batch*>(batch.release()));
  saving = true;
}

// What a crash leaves of it is decided then.
void node::finish_save(bool written) {
  saving = false;
  if (written) {
    std::ignore = store_->write(*batches.back().second);
    return owner_->saved({});
  }
  batches.pop_back();
  owner_->saved(fail(error_kind::unavailable, "as the model wants it"));
}

void node::phase_changed(owner_phase now, std::string_view /*why*/) {
  if (in_.telling()) in_.say(fmt::format("; {} is {}", name(), foldlog::name(now)));
}

}  // namespace foldlog::test
