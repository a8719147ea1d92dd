#pragma once

#include <chrono>

#include "core/http/message.h"

namespace foldlog::query {

/// How long the request may wait (RFC 7240, `Prefer: wait=<seconds>`): 5 s when nothing is said, never more than 30 s.
/// A preference that cannot be read is ignored; of several the first counts.
[[nodiscard]] std::chrono::milliseconds preferred_wait(const http::request& request);

}  // namespace foldlog::query
