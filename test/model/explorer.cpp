#include "explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "test/planted/planted.h"

namespace foldlog::test {
namespace {

struct reached {
  std::uint32_t from = 0;
  action by;
};

// How a state is left to run to its end.
struct course {
  bool others_paused = false;
  std::size_t survivor = 0;
};

class search {
 public:
  search(const scope& in, defect without, const limits& stop)
      : scope_(in), without_(without), stop_(stop), start_(std::chrono::steady_clock::now()) {}

  exploration run() {
    states_.push_back({});
    auto first = std::make_unique<world>(scope_, without_);
    known_.emplace(first->sum(), 0);
    std::size_t level_end = 1;
    std::vector<action> next;
    for (std::size_t at = 0; at < states_.size() && !done_.found; ++at) {
      if (at == level_end) {
        ++done_.depth;
        level_end = states_.size();
        if (done_.depth >= static_cast<std::size_t>(scope_.depth)) return finish(false);
      }
      if (at % 64 == 0 && seconds() > stop_.seconds) return finish(false);
      auto state = reach(at);
      state->enabled(next);
      for (std::size_t i = 0; i < next.size() && !done_.found; ++i) {
        if (!state) state = reach(at);
        take(std::move(state), at, next[i]);
      }
    }
    return finish(!done_.found);
  }

 private:
  [[nodiscard]] std::size_t nodes() const { return static_cast<std::size_t>(scope_.nodes); }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  exploration finish(bool complete) {
    done_.states = states_.size();
    done_.seconds = seconds();
    done_.complete = complete;
    return done_;
  }

  [[nodiscard]] std::vector<action> way_to(std::size_t at) const {
    std::vector<action> way;
    for (; at != 0; at = states_[at].from) way.push_back(states_[at].by);
    return {way.rbegin(), way.rend()};
  }

  // Owners can't be copied: the way is gone again.
  [[nodiscard]] std::unique_ptr<world> reach(std::size_t at) const { return follow(way_to(at)); }

  [[nodiscard]] std::unique_ptr<world> follow(const std::vector<action>& way) const {
    auto made = std::make_unique<world>(scope_, without_);
    made->trust(true);
    for (const auto& each : way) made->apply(each);
    made->trust(false);
    return made;
  }

  void take(std::unique_ptr<world> state, std::size_t from, const action& next) {
    ++done_.transitions;
    state->apply(next);
    if (!state->wrong().empty()) return tell(from, next, {});
    const auto sum = state->sum();
    const auto [known, is_new] = known_.emplace(sum, static_cast<std::uint32_t>(states_.size()));
    if (!is_new) return audit(*state, from, next, known->second);
    states_.push_back({static_cast<std::uint32_t>(from), next});
    if (!scope_.recovery) return;
    for (const auto& end : ends_of(*state, sum)) {
      if (!state) state = reach(states_.size() - 1);
      ++done_.recoveries;
      state->recover(end.others_paused, end.survivor);
      if (!state->wrong().empty()) return tell(from, next, end);
      state.reset();
    }
  }

  // Where something is due, a fair course goes on to a state that is looked at by itself; so courses begin where
  // nothing is. What a node does alone, while all others are paused, depends on nothing but it, the log and the
  // clients. Nodes may be told to stop in the middle of something, too: tried in every sixteenth state.
  [[nodiscard]] std::vector<course> ends_of(world& state, const digest& sum) {
    std::vector<course> ends;
    bool all_quiet = true;
    for (std::size_t i = 0; i < nodes(); ++i) {
      if (!state.quiet(i)) {
        all_quiet = false;
      } else if (ended_alone_.insert(state.sum_alone(i)).second) {
        ends.push_back({.others_paused = true, .survivor = i});
      }
    }
    const bool stop_others = all_quiet || sum.low % 16 == 0;
    for (std::size_t i = 0; stop_others && i < nodes(); ++i) ends.push_back({.others_paused = false, .survivor = i});
    return ends;
  }

  void audit(world& state, std::size_t from, const action& next, std::size_t known) {
    if (stop_.audit_every == 0 || ++duplicates_ % stop_.audit_every != 0) return;
    ++done_.audited;
    auto way = way_to(from);
    way.push_back(next);
    if (successors(state, way) == successors(*reach(known), way_to(known))) return;
    tell(from, next, {});
    done_.found->wrong = "the fingerprint takes this state for another one, which goes on otherwise";
    done_.found->log += fmt::format(" || known by {} steps", way_to(known).size());
    for (const auto& step : retell(way_to(known))) done_.found->steps.push_back("KNOWN  " + step);
  }

  [[nodiscard]] std::vector<digest> successors(const world& state, const std::vector<action>& way) const {
    std::vector<action> next;
    state.enabled(next);
    std::vector<digest> sums;
    for (const auto& each : next) {
      auto made = follow(way);
      made->apply(each);
      sums.push_back(made->sum());
    }
    std::ranges::sort(sums);
    return sums;
  }

  [[nodiscard]] std::vector<std::string> retell(const std::vector<action>& way) const {
    std::vector<std::string> steps;
    world again(scope_, without_);
    for (const auto& each : way) {
      again.tell_to(&steps.emplace_back());
      again.apply(each);
      again.tell_to(nullptr);
    }
    return steps;
  }

  void tell(std::size_t from, const action& next, std::optional<course> end) {
    counterexample found;
    world again(scope_, without_);
    auto way = way_to(from);
    way.push_back(next);
    for (const auto& each : way) {
      auto& line = found.steps.emplace_back();
      again.tell_to(&line);
      again.apply(each);
    }
    if (end) {
      auto& line = found.steps.emplace_back();
      again.tell_to(&line);
      again.recover(end->others_paused, end->survivor);
    }
    found.wrong = again.wrong();
    found.log = again.picture();
    done_.found = std::move(found);
  }

  const scope& scope_;
  defect without_;
  limits stop_;
  std::chrono::steady_clock::time_point start_;
  std::vector<reached> states_;
  std::unordered_map<digest, std::uint32_t> known_;
  std::unordered_set<digest> ended_alone_;
  std::uint64_t duplicates_ = 0;
  exploration done_;
};

}  // namespace

exploration explore(const scope& in, defect without, const limits& stop) {
  const plant planted_now(without);
  return search(in, without, stop).run();
}

}  // namespace foldlog::test
