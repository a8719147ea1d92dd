#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "schemas/json.h"

namespace foldlog {

/// Buffers for command_hash, to be kept between calls. One per thread.
struct command_hash_scratch {
  std::string bytes;
  sha256 digest;
};

/// What tells a repeat of a command from another command under the same id (API.md section 2): the first 16 hex digits,
/// as a number, of the SHA-256 of the canonical form (RFC 8785) of `[command, data as sent, expected version or null]`.
[[nodiscard]] std::uint64_t command_hash(std::string_view command, json::element data,
                                         std::optional<std::uint64_t> expected_version, command_hash_scratch& scratch);

}  // namespace foldlog
