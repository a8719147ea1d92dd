#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "command/write_model.h"

namespace foldlog {

/// A stream in memory: what the folded log says of it, and the newest state, which may be ahead of the log.
struct hot_stream {
  std::string id;
  folded_stream certain;
  version_t newest_version{0};
  std::uint64_t newest_commands = 0;
  state_pointer newest;
  std::uint32_t uncertain = 0;  ///< commits of it that are not certain yet
  bool dirty = false;           ///< `certain` is ahead of the stored row
  bool saving = false;          ///< a batch with its row is being written
  std::size_t bytes = 0;

  void forget_newest() {
    newest = certain.state;
    newest_version = certain.version;
    newest_commands = certain.commands;
  }
};

/// The streams used lately, bounded by bytes; those that the store does not have as they are stay whatever their
/// number. Pointers stay good until evict().
class hot_streams {
 public:
  explicit hot_streams(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Nothing when it is not in memory; else it becomes the one used last.
  [[nodiscard]] hot_stream* find(std::string_view id);
  hot_stream& insert(std::string_view id, folded_stream certain, std::size_t state_bytes);
  /// Forgets streams, the longest unused first, until the rest fits; skips those that must stay.
  void evict();
  void clear();

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<hot_stream> by_use_;  ///< the one used last stands first
  std::unordered_map<std::string_view, std::list<hot_stream>::iterator> places_;
};

}  // namespace foldlog
