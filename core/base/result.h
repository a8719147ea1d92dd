#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace foldlog {

/// Why something that may fail did fail, by cause. What the world or the user did wrong is a value of this kind; what
/// we did wrong is an assertion.
enum class error_kind {
  invalid,      ///< the input breaks a rule of its grammar: the text names what and where
  not_found,    ///< there is no such thing
  conflict,     ///< it is there already, in use, or not as recorded (a lock, a port, a partition count, a setting)
  too_large,    ///< beyond a limit: certainly nothing was done
  unavailable,  ///< a disk, a broker or a peer does not do its part at present; it may be tried again later
  unknown,      ///< it may have happened, or may still happen: never treat it as either
  damaged,      ///< bytes or records that break what was promised of them
  cancelled,    ///< we were asked to stop
  internal,     ///< a defect of ours that was caught
};

[[nodiscard]] std::string_view name(error_kind kind);

struct error {
  error_kind kind = error_kind::internal;
  std::string text;  ///< one sentence for a person; names the thing, its place and the reason

  bool operator==(const error&) const = default;
};

template <typename T>
using result = std::expected<T, error>;

[[nodiscard]] inline std::unexpected<error> fail(error_kind kind, std::string text) {
  return std::unexpected(error{kind, std::move(text)});
}

}  // namespace foldlog
