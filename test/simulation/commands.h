#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/position.h"
#include "test/simulation/bank_model.h"

namespace foldlog::test {

/// How one attempt of a command ended, as its client saw it.
enum class ending : std::uint8_t {
  open,     ///< no answer yet
  applied,  ///< 200
  no,       ///< 409 or 412: the final word
  reused,   ///< 422
  away,     ///< 503 but outcome-unknown, 4xx of overload: certainly not applied by this attempt
  doubt,    ///< outcome-unknown or 500: it may have been applied
  broken,   ///< the connection ended: it may have been, or may still be, applied
};

struct attempt {
  offset_t begin{0};          ///< the partition's end when it was sent ...
  std::uint64_t version = 0;  ///< ... and the stream's accepted version
  ending how = ending::open;
  offset_t end{0};  ///< the partition's end when the answer left
};

/// A command as its client means it; sent again and again until its answer is certain.
struct wanted_command {
  std::string stream;
  std::int32_t partition = 0;
  std::string id;
  action what;
  std::optional<std::uint64_t> expected;
  std::deque<attempt> attempts;
  bool certain = false;  ///< its client has a final word

  /// What travels in the events as ce_commandhash (API.md section 2).
  [[nodiscard]] std::uint64_t hash() const {
    const auto condition = expected ? std::to_string(*expected) : "null";
    sha256 digest;
    digest.update(std::string("[\"").append(what.command()) + "\"," + what.canonical_body() + "," + condition + "]");
    return digest.finish_prefix();
  }
};

/// All commands of a run. Several with one id on one stream differ in their bodies.
class command_book {
 public:
  wanted_command& add(wanted_command made) {
    auto& added = all_.emplace_back(std::move(made));
    by_id_[{added.stream, added.id}].push_back(&added);
    return added;
  }
  [[nodiscard]] std::deque<wanted_command>& all() { return all_; }
  [[nodiscard]] const std::deque<wanted_command>& all() const { return all_; }
  [[nodiscard]] std::vector<wanted_command*> find(const std::string& stream, const std::string& id) const {
    const auto found = by_id_.find({stream, id});
    return found == by_id_.end() ? std::vector<wanted_command*>{} : found->second;
  }

 private:
  std::deque<wanted_command> all_;
  std::map<std::pair<std::string, std::string>, std::vector<wanted_command*>> by_id_;
};

}  // namespace foldlog::test
