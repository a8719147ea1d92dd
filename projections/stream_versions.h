#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/position.h"

namespace foldlog {

/// The last versions of the streams of one partition, of those seen lately: two generations, the older one goes when
/// the younger is full. When the partition was followed from its beginning and nothing went yet, it knows every stream.
class stream_versions {
 public:
  explicit stream_versions(bool from_the_beginning) : complete_(from_the_beginning) {}

  /// Of the streams set last, so many are certainly known.
  static constexpr std::size_t generation_max = std::size_t{1} << 16;

  /// 0: there is no such stream. Nothing: not known.
  [[nodiscard]] std::optional<version_t> find(std::string_view id) const {
    if (const auto known = young_.find(id); known != young_.end()) return known->second;
    if (const auto known = old_.find(id); known != old_.end()) return known->second;
    return complete_ ? std::optional(version_t{0}) : std::nullopt;
  }

  void set(std::string_view id, version_t version) {
    if (const auto known = young_.find(id); known != young_.end()) {
      known->second = version;
      return;
    }
    if (young_.size() >= generation_max) {
      complete_ = complete_ && old_.empty();
      old_ = std::move(young_);
      young_.clear();
    }
    young_.emplace(id, version);
  }

 private:
  struct text_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using generation = std::unordered_map<std::string, version_t, text_hash, std::equal_to<>>;

  bool complete_;
  generation young_;
  generation old_;
};

}  // namespace foldlog
