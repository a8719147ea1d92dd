#include "test/simulation/damage.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/hash.h"
#include "test/simulation/check_views.h"

namespace foldlog::test {

using namespace std::chrono_literals;

bool damage::inflict(std::size_t owner) {
  owner_ = owner;
  partition_ = static_cast<std::int32_t>(in_.luck.below(static_cast<std::uint64_t>(in_.how.partitions)));
  if (in_.records.end(partition_) < offset_t{2} || account().empty()) return false;
  switch (in_.how.damage) {
    case damage_kind::none:
      return false;
    case damage_kind::flipped_bit:
      return flip();
    case damage_kind::foreign_in_sequence:
    case damage_kind::wrong_version:
      return append_rogue();
    case damage_kind::cut:
    case damage_kind::recreated:
      return cut();
  }
  return false;
}

std::string damage::account() const {
  for (std::size_t i = 0; i < in_.how.accounts; ++i) {
    auto id = "a" + std::to_string(i);
    if (partition_of(id, in_.how.partitions) == partition_) return id;
  }
  return {};
}

// All processes end, and begin again; one of them goes on deciding.
void damage::restart(std::size_t owner) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_.start(i);
  nodes_.leave_only(owner);
}

// One node has to read the record once more.
bool damage::flip() {
  in_.faults.add(fault::bit_flipped);
  at_ =
      offset_t{static_cast<std::int64_t>(in_.luck.below(static_cast<std::uint64_t>(raw(in_.records.end(partition_)))))};
  said_ = fmt::format("bank.account/{}@{}", partition_, raw(at_));
  only_ = in_.luck.below(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_.crash(i);
  in_.records.flip(partition_, at_);
  nodes_.disk_of(*only_).views.wipe();
  nodes_.disk_of(*only_).write_model.wipe();
  restart(*only_);
  owner_ = *only_;
  in_.notes.note("the record {} of {} is flipped, {} reads it again", raw(at_), partition_, *only_);
  return true;
}

// In the owner's name and sequence, and not the owner's.
bool damage::append_rogue() {
  if (in_.truth.epoch(partition_).offset == no_offset || in_.truth.open(partition_)) return false;
  const auto id = account();
  const auto version = in_.truth.version(id);
  record rogue;
  rogue.kind = record_kind::event;
  rogue.key = id;
  rogue.type = "bank.DepositMade.v1";
  rogue.value = R"({"amount":7,"balance":7})";
  rogue.command_id = "rogue";
  rogue.epoch = in_.truth.epoch(partition_);
  rogue.epoch_sequence = in_.truth.next_sequence(partition_);
  if (in_.how.damage == damage_kind::foreign_in_sequence) {
    in_.faults.add(fault::foreign_in_sequence);
    rogue.version = version_t{version + 1};
    rogue.commit_index = 1;
    rogue.commit_count = 2;
  } else {
    in_.faults.add(fault::wrong_version);
    rogue.version = version_t{version > 0 && in_.luck.one_in(2) ? version : version + 2};
  }
  // An owner that has its log for itself looks at it when it starts, and never again.
  if (in_.how.exclusive) nodes_.crash(owner_);
  in_.truth.expect_damage(partition_);
  const auto* kept = in_.records.keep(rogue);
  const auto place = in_.records.land(partition_, {&kept, 1});
  at_ = place.first;
  said_ = fmt::format("bank.account/{}@{}", partition_, raw(at_));
  in_.notes.note("a rogue record at {} of {}", raw(at_), partition_);
  std::ignore = in_.records.commit(partition_, place.leader, place.first + 1);
  if (in_.how.exclusive) restart(owner_);
  return true;
}

bool damage::cut() {
  const bool whole = in_.how.damage == damage_kind::recreated;
  in_.faults.add(whole ? fault::log_recreated : fault::log_cut);
  const auto end = static_cast<std::uint64_t>(raw(in_.records.end(partition_)));
  at_ = whole ? offset_t{0} : offset_t{static_cast<std::int64_t>(1 + in_.luck.below(end - 1))};
  said_ = "the log was cut";
  for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_.crash(i);
  in_.truth.stop(partition_);
  for (std::size_t i = 0; i < nodes_.size(); ++i) owners_halt_.push_back(folded_beyond_cut(i));
  in_.records.cut(partition_, at_);
  in_.notes.note("{} is cut at {}", partition_, raw(at_));
  restart(owner_);
  return true;
}

// What the node's write model has saved reflects a record that is to go.
bool damage::folded_beyond_cut(std::size_t slot) {
  write_model saved(nodes_.disk_of(slot).write_model,
                    *bank_domains(in_.how.records_refusals).find_category("bank.account"), "bank.account", partition_);
  const auto place = saved.open();
  return place && place->last_counted >= at_;
}

bool damage::owner_halted(std::size_t slot) const {
  const auto states = nodes_.running(slot)->commands().partitions();
  const auto& state = states[static_cast<std::size_t>(partition_)];
  return state.state == "halted" && state.reason.find(said_) != std::string::npos;
}

bool damage::reported_by(std::size_t slot) const {
  const auto* of = nodes_.running(slot);
  if (of == nullptr || (!owners_halt_.empty() && owners_halt_[slot] && !owner_halted(slot))) return false;
  const auto all = of->progress().entries();
  return std::ranges::all_of(all, [this](const progress::entry& each) {
    if (each.at.partition != partition_) return true;
    return each.state == fold_state::halted && each.reason.find(said_) != std::string::npos;
  });
}

bool damage::reported() const {
  if (!nodes_.group().settled()) return false;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if ((!only_ || *only_ == i) && !reported_by(i)) return false;
  }
  return true;
}

void damage::probe() {
  // An owner that has saved nothing of what went has no way to know.
  if (!owners_halt_.empty() && !owners_halt_[owner_]) {
    probed_ = true;
    return;
  }
  const auto id = account();
  call what{http::method::post,
            fmt::format("/v1/commands/bank/account/{}/CreateAccount", id),
            {},
            {{"Content-Type", "application/json"}, {"Idempotency-Key", "probe"}},
            R"({"owner":"o1","currency":"EUR","overdraft_limit":0})"};
  nodes_.send(owner_, std::move(what), [this](const std::optional<reply>& got) {
    probed_ = true;
    if (!got || got->status >= 500) return;
    in_.judge.complain("I9", fmt::format("a command to the damaged partition {} is answered {} {}", partition_,
                                         got->status, got->body));
  });
}

void damage::check() const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) check_disk(in_, nodes_.disk_of(i), fmt::format("node-{}", i));
}

}  // namespace foldlog::test
