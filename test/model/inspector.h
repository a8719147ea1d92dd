#pragma once

#include <optional>

#include "command/owner.h"
#include "fingerprint.h"

namespace foldlog {

/// What the model checker sees of an owner from within (a friend of it).
struct owner_inspector {
  /// Everything that can make a difference to what the owner does later, times and counters left out.
  static void describe(owner& of, test::fingerprint& into);
  /// When it means to claim again.
  [[nodiscard]] static std::optional<std::chrono::nanoseconds> claims_at(const owner& of) { return of.claim_at_; }
  /// Does it still wait for the result of that append?
  [[nodiscard]] static bool waits_for(const owner& of, std::uint64_t append_id);
  [[nodiscard]] static bool can_flush(const owner& of);
  /// A proof is needed, but comes too soon after the last one.
  [[nodiscard]] static bool proof_waits(const owner& of);
  [[nodiscard]] static bool has_commands(const owner& of);
  [[nodiscard]] static bool has_in_doubt(const owner& of) { return !of.in_doubt_.empty(); }
  /// Its state of a stream, as far as certain; nothing when it is not in memory.
  [[nodiscard]] static const folded_stream* certain(owner& of, std::string_view id);

 private:
  static bool wants_proof(const owner& of);
  static bool too_soon(const owner& of);
};

}  // namespace foldlog
