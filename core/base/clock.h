#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace foldlog {

/// A point of calendar time, UTC, in microseconds since 1970.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// RFC 3339, UTC, always six digits of a second: `2026-11-21T09:30:00.123456Z`.
[[nodiscard]] std::string format_time(timestamp time);
void append_time(std::string& out, timestamp time);
[[nodiscard]] result<timestamp> parse_time(std::string_view text);
/// `2026-11-21`: the UTC day.
[[nodiscard]] std::string format_day(timestamp time);

/// Time is handed in; only the composition root makes the real one.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual timestamp now() const = 0;
  [[nodiscard]] virtual std::chrono::nanoseconds monotonic() const = 0;
};

class system_clock final : public clock {
 public:
  [[nodiscard]] timestamp now() const override;
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override;
};

}  // namespace foldlog
