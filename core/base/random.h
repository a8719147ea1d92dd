#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/clock.h"

namespace foldlog {

/// 64 random bits a call. Handed in wherever chance is needed, so that a simulation can repeat itself.
using random_source = std::function<std::uint64_t()>;

/// From the operating system's generator, buffered; safe for a nonce. One per thread.
[[nodiscard]] random_source system_random();

/// A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then random bits.
[[nodiscard]] std::string make_uuid7(timestamp now, const random_source& random);

}  // namespace foldlog
