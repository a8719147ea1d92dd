#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/log/record.h"

namespace foldlog {

/// What a record is worth to every reader of the log. Once given, a verdict never changes (DESIGN section 5).
enum class verdict : std::uint8_t {
  claim,      ///< a new epoch begins; what was open before it is void
  continues,  ///< counts, and its commit is not complete yet: open until `completes`, void if a claim comes first
  completes,  ///< counts, and with it its whole commit is accepted
  ignored,    ///< void: skipped and counted, never folded
  damaged,    ///< in sequence but does not continue its commit: the partition halts
};

/// Who may write, decided from the order of the partition alone. Pure: no I/O, no time.
///
/// Feed every record of one partition in offset order, from offset 0, from any claim, or from a saved state.
class arbiter {
 public:
  struct state {
    epoch_id epoch;  ///< offset `no_offset` = no claim yet
    std::uint64_t next_sequence = 0;
    std::uint32_t open_records = 0;  ///< of the commit being gathered: how many have counted
    std::uint32_t open_count = 0;    ///< how many it needs; 0 = none is open
    bool operator==(const state&) const = default;
  };

  arbiter() = default;
  explicit arbiter(const state& saved) : state_(saved) {}

  [[nodiscard]] verdict judge(const record& next);
  [[nodiscard]] const state& now() const { return state_; }

 private:
  state state_;
};

}  // namespace foldlog
