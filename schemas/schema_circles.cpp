#include <algorithm>
#include <map>

#include "schemas/schema_rules.h"

namespace foldlog {

namespace {

/// How many schemas a value goes through from each on, found from the leaves up.
class heights {
 public:
  bool measure(const schema_rules& of, std::size_t depth) {
    constexpr std::size_t open = 0;
    const auto [known, fresh] = known_.emplace(&of, open);
    if (!fresh && known->second != open) return depth + known->second <= in_place_max || say(of, "goes through");
    if (!fresh) return say(of, "leads back");
    if (depth >= in_place_max) return say(of, "goes through");
    std::size_t height = 0;
    bool good = true;
    of.for_each_in_place([&](const schema_rules* next) {
      // Where a dynamic reference goes is seen when it is followed.
      if (!good || (next == of.dynamic_reference && !of.dynamic_name.empty())) return;
      good = measure(*next, depth + 1);
      if (good) height = std::max(height, known_.at(next));
    });
    if (good) known_.at(&of) = height + 1;
    return good;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool say(const schema_rules& of, std::string_view what) {
    const auto place = of.location.empty() ? std::string("the root") : of.location;
    problem_ = what == "leads back"
                   ? place + " leads back to itself without going into the instance"
                   : place + " is one of more than " + std::to_string(in_place_max) + " schemas for the same value";
    return false;
  }

  std::map<const schema_rules*, std::size_t> known_;
  std::string problem_;
};

}  // namespace

std::optional<std::string> find_circle(const std::deque<schema_rules>& rules) {
  heights all;
  for (const auto& one : rules) {
    if (!all.measure(one, 1)) return all.problem();
  }
  return std::nullopt;
}

}  // namespace foldlog
