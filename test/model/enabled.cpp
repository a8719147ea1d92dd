// What can happen next, within the scope.
#include <algorithm>

#include "inspector.h"
#include "world.h"

namespace foldlog::test {
namespace {

std::uint8_t small(std::size_t number) { return static_cast<std::uint8_t>(number); }

}  // namespace

void world::enabled(std::vector<action>& into) const {
  into.clear();
  for (std::size_t i = 0; i < nodes_.size(); ++i) enabled_at(i, into);
}

void world::enabled_at(std::size_t index, std::vector<action>& into) const {
  using enum action::kind;
  const auto& at = nodes_[index];
  const auto phase = at.owner().phase();
  const auto node = small(index);
  const auto claims_at = owner_inspector::claims_at(at.owner());
  const bool leaving = at.owner().leaving();
  const bool idle = phase == owner_phase::vacant || phase == owner_phase::following;
  if ((idle || leaving) && offers_ > 0) into.push_back({.what = offer, .node = node});
  if (phase == owner_phase::vacant && follows_ > 0) into.push_back({.what = follow, .node = node});
  if (!idle && phase != owner_phase::halted) {
    const bool may_repeat = leaving && phase != owner_phase::serving;
    if (may_repeat || (!leaving && releases_ > 0)) into.push_back({.what = release, .node = node});
    if (releases_ > 0) into.push_back({.what = release, .node = node, .extra = 1});
  }
  const bool may_claim = phase == owner_phase::deposed    ? offers_ > 0
                         : phase == owner_phase::checking ? fault_left(fault_late_check)
                                                          : phase == owner_phase::claiming;
  if (claims_at && may_claim) into.push_back({.what = tick, .node = node});
  if (owner_inspector::proof_waits(at.owner())) into.push_back({.what = tick, .node = node});
  const bool takes_commands =
      phase != owner_phase::vacant && phase != owner_phase::deposed && phase != owner_phase::halted;
  for (std::size_t c = 0; takes_commands && c < attempts_.size(); ++c) {
    const bool may_repeat = repeats_ > 0 && !scope_.commands[c].fresh;
    if (attempts_[c].empty() || may_repeat) into.push_back({.what = submit, .node = node, .extra = small(c)});
  }
  if (scope_.batches && owner_inspector::can_flush(at.owner())) into.push_back({.what = flush, .node = node});
  if (at.reading && static_cast<std::size_t>(raw(*at.reading)) < log_.size()) {
    into.push_back({.what = feed, .node = node});
    const bool more = static_cast<std::size_t>(raw(*at.reading)) + 1 < log_.size();
    if (scope_.slow_reads && more) into.push_back({.what = feed, .node = node, .extra = 1});
  }
  if (at.saving) {
    into.push_back({.what = saved, .node = node});
    if (fault_left(fault_store)) into.push_back({.what = saved, .node = node, .extra = 1});
  }
  if (fault_left(fault_expired) && owner_inspector::has_commands(at.owner())) {
    into.push_back({.what = expire, .node = node});
  }
  for (std::size_t i = 0; i < at.sent.size(); ++i) enabled_append(index, i, into);
  const bool worth_a_crash = phase != owner_phase::vacant;
  for (std::size_t kept = 0; crashes_ > 0 && worth_a_crash && kept <= at.batches.size(); ++kept) {
    into.push_back({.what = crash, .node = node, .extra = small(kept)});
  }
}

void world::enabled_append(std::size_t index, std::size_t which, std::vector<action>& into) const {
  using enum action::kind;
  const auto& at = nodes_[index];
  const auto& append = at.sent[which];
  const auto add = [&](action::kind what, std::size_t extra = 0) {
    into.push_back({.what = what, .node = small(index), .append = small(which), .extra = small(extra)});
  };
  const bool in_order = std::all_of(at.sent.begin(), at.sent.begin() + static_cast<std::ptrdiff_t>(which),
                                    [](const auto& earlier) { return earlier.whole() || earlier.failed; });
  const bool waited_for = !append.told && owner_inspector::waits_for(at.owner(), append.id);
  if (!append.whole()) {
    if (append.failed || in_order) add(land);
    if (!append.failed && !in_order && fault_left(fault_overtaken)) add(overtake);
    if (!append.failed && append.landed == 0 && in_order && fault_left(fault_torn)) {
      for (std::size_t part = 1; part < append.records.size(); ++part) {
        add(tear, part);
        add(tear, 100 + part);
      }
    }
    if (waited_for && append.landed == 0 && !append.failed && fault_left(fault_refused)) add(refused);
    const bool of_events = append.records.front().kind == record_kind::event;
    if (waited_for && append.landed == 0 && !append.failed && of_events && fault_left(fault_too_large)) add(refused, 1);
  } else {
    if (!append.twice && fault_left(fault_twice)) add(twice);
    if (waited_for && !append.failed) {
      add(told);
      if (append.twice) add(told, 1);
      if (fault_left(fault_odd)) add(told_odd);
    }
    if (waited_for && append.torn && !append.overtaken) add(told_apart);
  }
  if (waited_for && (append.failed || fault_left(fault_unknown))) add(unknown);
  if (!waited_for && !append.told) add(append.whole() && !append.failed ? told : unknown);  // must change nothing
}

}  // namespace foldlog::test
