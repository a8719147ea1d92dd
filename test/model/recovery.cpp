// The end of every course: no more faults, everything that is due happens. Then nobody may be in doubt.
#include <fmt/format.h>

#include <algorithm>

#include "inspector.h"
#include "world.h"

namespace foldlog::test {

void world::run(action next) {
  if (telling()) say("\n       ");
  apply(next);
}

bool world::quiet(std::size_t index) const {
  const auto& at = nodes_[index];
  for (const auto& append : at.sent) {
    if (!append.failed && !append.whole()) return false;
    if (!append.told && owner_inspector::waits_for(at.owner(), append.id)) return false;
  }
  if (at.reading && static_cast<std::size_t>(raw(*at.reading)) < log_.size()) return false;
  return !at.saving && !owner_inspector::can_flush(at.owner());
}

// What is due at a node, once; true when something happened.
bool world::run_fairly(std::size_t index) {
  using enum action::kind;
  auto& at = nodes_[index];
  const auto node = static_cast<std::uint8_t>(index);
  bool moved = false;
  for (std::size_t i = 0; i < at.sent.size(); ++i) {
    const auto which = static_cast<std::uint8_t>(i);
    if (!at.sent[i].failed && !at.sent[i].whole()) {
      run({.what = land, .node = node, .append = which});
      moved = true;
    }
    if (at.sent[i].told || !owner_inspector::waits_for(at.owner(), at.sent[i].id)) continue;
    run({.what = at.sent[i].failed ? unknown : told, .node = node, .append = which});
    moved = true;
  }
  if (at.reading && static_cast<std::size_t>(raw(*at.reading)) < log_.size()) {
    run({.what = feed, .node = node});
    moved = true;
  }
  if (at.saving) {
    run({.what = saved, .node = node});
    moved = true;
  }
  if (owner_inspector::can_flush(at.owner())) {
    run({.what = flush, .node = node});
    moved = true;
  }
  return moved;
}

// Time passes only when nothing else is due.
bool world::pass_time(std::size_t index, bool assigned) {
  using enum action::kind;
  const auto& owner = nodes_[index].owner();
  const auto node = static_cast<std::uint8_t>(index);
  const bool idle = owner.phase() == owner_phase::vacant || owner.phase() == owner_phase::following;
  if (assigned && (idle || owner.leaving())) {
    run({.what = offer, .node = node});
    return true;
  }
  if (owner.leaving() && owner.phase() != owner_phase::serving) {  // its node tells it again and again
    run({.what = release, .node = node});
    return true;
  }
  if (owner_inspector::proof_waits(owner)) {
    run({.what = tick, .node = node});
    return true;
  }
  if (!owner_inspector::claims_at(owner) || (!assigned && !owner_inspector::has_in_doubt(owner))) return false;
  run({.what = tick, .node = node});
  return true;
}

void world::run_until_quiet(std::size_t survivor, bool others_paused) {
  for (int round = 0; round < 40 && wrong().empty(); ++round) {
    bool moved = false;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i == survivor || !others_paused) moved |= run_fairly(i);
    }
    for (std::size_t i = 0; !moved && i < nodes_.size(); ++i) {
      if (i == survivor || !others_paused) moved = pass_time(i, i == survivor);
    }
    if (!moved) return;
  }
  if (wrong().empty()) complain("there is no end to it");
}

void world::recover(bool others_paused, std::size_t survivor) {
  auto& last = nodes_[survivor];
  if (telling()) {
    say(fmt::format("from now on no more faults; {} stays the owner, the others are {}", last.name(),
                    others_paused ? "paused" : "told to stop"));
  }
  for (std::size_t i = 0; !others_paused && i < nodes_.size(); ++i) {
    if (i != survivor) nodes_[i].owner().retire();
  }
  run_until_quiet(survivor, others_paused);
  if (wrong().empty() && last.owner().phase() != owner_phase::serving) {
    complain(fmt::format("{} never serves again: it is {} ({})", last.name(), foldlog::name(last.owner().phase()),
                         last.owner().reason()));
  }
  for (std::size_t i = 0; !others_paused && i < nodes_.size(); ++i) {
    if (i != survivor && wrong().empty() && !nodes_[i].owner().idle()) {
      complain(fmt::format("{} was told to stop and never comes to rest", nodes_[i].name()));
    }
    if (i != survivor && wrong().empty() && nodes_[i].owner().leaving()) {
      complain(fmt::format("{} was told to leave and never does", nodes_[i].name()));
    }
  }
  for (std::size_t c = 0; c < attempts_.size() && wrong().empty(); ++c) {
    const auto forgotten = [&](const attempt& one) {
      return one.ended == ending::open && (one.at == survivor || !others_paused);
    };
    if (std::ranges::any_of(attempts_[c], forgotten)) complain(fmt::format("c{} never gets an answer", c + 1));
  }
  // First those clients ask again who know no outcome, then all of them: who was told one must be told the same.
  for (const bool all : {false, true}) {
    for (std::size_t c = 0; c < attempts_.size(); ++c) ask_again(c, all, survivor, others_paused);
  }
}

void world::ask_again(std::size_t command, bool even_if_known, std::size_t survivor, bool others_paused) {
  auto& attempts = attempts_[command];
  if (scope_.commands[command].fresh && !attempts.empty()) return;
  const auto known = [](const auto& one) { return one.ended == ending::applied || one.ended == ending::refused; };
  if (!even_if_known && std::ranges::any_of(attempts, known)) return;
  for (int times = 0; times < 3 && wrong().empty(); ++times) {
    run({.what = action::kind::submit,
         .node = static_cast<std::uint8_t>(survivor),
         .extra = static_cast<std::uint8_t>(command)});
    run_until_quiet(survivor, others_paused);
    if (known(attempts.back())) return;
  }
  complain(fmt::format("c{} never gets a final answer", command + 1));
}

}  // namespace foldlog::test
