#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/position.h"
#include "core/http/message.h"
#include "core/http/problem.h"
#include "core/http/router.h"
#include "query/query_context.h"

namespace foldlog::query {

/// What an answer must reflect, and how long that may take.
struct freshness {
  token wanted;  ///< empty: whatever there is
  std::chrono::milliseconds wait{5000};
};

/// From `Foldlog-Token` or `?token=`, and `Prefer: wait=`. Problem: invalid_token (no token, two that differ, a topic
/// that is not among `topics`, a partition that does not exist). An empty one, as an empty view gives it, asks for
/// nothing.
[[nodiscard]] std::expected<freshness, http::problem> parse_freshness(const http::request& request,
                                                                      const http::query_parameters& parameters,
                                                                      std::span<const std::string> topics,
                                                                      std::int32_t partitions);

/// Calls `then` once: with true as soon as the view reflects what is wanted (from within this call when it does
/// already), with false when the time is up. Later on always on the context's executor.
void when_fresh(const query_context& context, std::string_view domain, std::string_view view, const freshness& asked,
                std::move_only_function<void(bool)> then);

/// 503 with the position that the view has reached.
[[nodiscard]] http::problem projection_behind(const token& reached);

}  // namespace foldlog::query
