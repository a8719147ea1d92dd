#pragma once

#include <optional>
#include <string>
#include <vector>

#include "test/simulation/cluster.h"

namespace foldlog::test {

/// Does to one partition of a log at rest what no log should ever do, and looks whether everybody says so (I9).
class damage {
 public:
  damage(world& in, cluster& nodes) : in_(in), nodes_(nodes) {}

  /// False when this log has nothing that could be damaged so. `owner` alone decides commands afterwards.
  [[nodiscard]] bool inflict(std::size_t owner);
  /// Everybody who met it is halted there and has named the place.
  [[nodiscard]] bool reported() const;
  /// Sends a command to the partition: it must not be decided there any more.
  void probe();
  [[nodiscard]] bool probed() const { return probed_; }
  /// Nothing behind the damage was folded.
  void check() const;

 private:
  [[nodiscard]] bool flip();
  [[nodiscard]] bool append_rogue();
  [[nodiscard]] bool cut();
  void restart(std::size_t owner);
  [[nodiscard]] bool folded_beyond_cut(std::size_t slot);
  [[nodiscard]] bool owner_halted(std::size_t slot) const;
  [[nodiscard]] bool reported_by(std::size_t slot) const;
  [[nodiscard]] std::string account() const;  ///< one of that partition

  world& in_;
  cluster& nodes_;
  std::int32_t partition_ = 0;
  offset_t at_{0};
  std::optional<std::size_t> only_;  ///< who surely meets it; nothing: all nodes
  std::string said_;                 ///< what a reason must hold
  std::vector<bool> owners_halt_;    ///< of a log that was cut: by node, where the write model had folded more
  std::size_t owner_ = 0;
  bool probed_ = false;
};

}  // namespace foldlog::test
