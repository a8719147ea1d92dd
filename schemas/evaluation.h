#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/instance_place.h"
#include "schemas/schema_rules.h"
#include "schemas/validator.h"

namespace foldlog {

/// One pass over an instance. Without a list to fill it stops at the first violation.
///
/// `marks` gathers which members or items of the value some schema has looked at; null when no unevaluatedItems or
/// unevaluatedProperties asks. What a schema that does not fit has marked is not counted.
class evaluation {
 public:
  explicit evaluation(std::vector<violation>* found) : found_(found) {}

  bool run(const schema_rules& root, json::element instance);

 private:
  /// The resources that the evaluation has come through, the newest first.
  struct scope {
    const schema_resource* resource = nullptr;
    const scope* around = nullptr;
  };
  /// What a rule needs to know about the value besides the value.
  struct spot {
    const instance_place& at;
    evaluated_marks* marks = nullptr;
  };

  /// `via`: the keyword that leads to these rules, for the schema `false`.
  bool check(const schema_rules& rules, json::element value, const spot& where, std::string_view via);
  bool check_rules(const schema_rules& rules, json::element value, const spot& where);
  bool check_values(const schema_rules& rules, json::element value, const instance_place& at);
  bool check_content(const schema_rules& rules, json::element value, const spot& where);
  bool check_number(const schema_rules& rules, json::element value, const instance_place& at);
  bool check_count(const schema_rules& rules, const count_rule& rule, std::uint64_t count, const instance_place& at,
                   std::string_view least, std::string_view most, std::string_view what);
  bool check_string(const schema_rules& rules, std::string_view text, const instance_place& at);
  bool check_array(const schema_rules& rules, json::element array, const spot& where);
  bool check_contains(const schema_rules& rules, json::element array, const spot& where);
  bool check_object(const schema_rules& rules, json::element object, const spot& where);
  bool check_member(const schema_rules& rules, json::member member, std::size_t index, const spot& where,
                    std::uint64_t& seen);
  bool check_required(const schema_rules& rules, json::element object, const instance_place& at, std::uint64_t seen);

  bool check_combinations(const schema_rules& rules, json::element value, const spot& where);
  bool check_references(const schema_rules& rules, json::element value, const spot& where);
  bool check_choices(const schema_rules& rules, json::element value, const spot& where);
  bool check_condition(const schema_rules& rules, json::element value, const spot& where);
  bool check_dependents(const schema_rules& rules, json::element value, const spot& where);
  bool check_unevaluated(const schema_rules& rules, json::element value, const spot& where);
  const schema_rules& dynamic_target(const schema_rules& rules) const;
  /// Whether it fits, without a word about why not; its marks count when it does.
  bool fits(const schema_rules& rules, json::element value, const spot& where);

  /// Notes a step's outcome; false when there is nothing left to learn.
  bool go_on(bool& good, bool step) const {
    good = good && step;
    return good || (found_ != nullptr && !exhausted_);
  }
  template <typename Detail>
  bool report(const schema_rules& rules, const instance_place& at, std::string_view keyword, const Detail& detail) {
    if (found_ == nullptr) return false;
    auto& added = found_->emplace_back();
    at.append_to(added.pointer);
    added.keyword = keyword;
    added.detail = detail();
    added.schema = rules.location;
    if (!rules.boolean) json::append_pointer(added.schema, keyword);
    return false;
  }

  static constexpr std::size_t depth_max = 1'000;

  std::vector<violation>* found_;
  const scope* scope_ = nullptr;
  std::size_t depth_ = 0;
  std::uint64_t steps_ = 0;
  bool exhausted_ = false;  ///< it gave up; whatever was found, the instance is not valid
};

}  // namespace foldlog
