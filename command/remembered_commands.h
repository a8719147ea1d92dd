#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "command/write_model.h"

namespace foldlog {

/// The command ids that the store does not hold yet: those under way and those whose batch is not written.
class remembered_commands {
 public:
  struct entry {
    bool under_way = false;             ///< a commit of it is; else `outcome` is there
    std::uint64_t hash = 0;             ///< of the one under way
    std::optional<remembered> outcome;  ///< certain, perhaps of an earlier use that the window no longer covers
    std::uint32_t unsaved = 0;          ///< how many names of it wait for the store
  };

  void begin(std::string_view id, std::string_view command_id, std::uint64_t hash);
  void settle(std::string_view id, std::string_view command_id, remembered outcome);
  void forget(std::string_view id, std::string_view command_id);  ///< its commit will never be applied
  [[nodiscard]] const entry* find(std::string_view id, std::string_view command_id) const;

  /// Puts all that are certain and in no batch yet.
  void put_unsaved(write_model& rows, store_batch& batch);
  /// The last batch was written (they are looked up in the store from now on), or was not (the next one has them
  /// again).
  void saved(bool written);
  void clear();

 private:
  static std::string key(std::string_view id, std::string_view command_id);

  using map = std::unordered_map<std::string, entry>;
  map entries_;
  std::vector<map::value_type*> unsaved_;
  std::vector<map::value_type*> saving_;
};

}  // namespace foldlog
