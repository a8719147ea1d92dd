#pragma once

namespace foldlog::exit_status {

// API.md section 4.
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int wrong_usage = 2;
inline constexpr int damage = 3;

}  // namespace foldlog::exit_status
