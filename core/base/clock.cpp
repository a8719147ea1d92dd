#include "core/base/clock.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace foldlog {
namespace {

void put_digits(char* at, int digits, std::uint64_t number) {
  for (int i = digits - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

bool take_digits(std::string_view text, std::size_t at, std::size_t count, int& number) {
  number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return false;
    number = number * 10 + (text[i] - '0');
  }
  return true;
}

}  // namespace

void append_time(std::string& out, timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto micros = static_cast<std::uint64_t>((time - day).count());
  std::array<char, 28> text{"0000-00-00T00:00:00.000000Z"};
  put_digits(text.data(), 4, static_cast<std::uint64_t>(static_cast<int>(date.year())));
  put_digits(text.data() + 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text.data() + 8, 2, static_cast<unsigned>(date.day()));
  const std::uint64_t seconds = micros / 1000000;
  put_digits(text.data() + 11, 2, seconds / 3600);
  put_digits(text.data() + 14, 2, seconds / 60 % 60);
  put_digits(text.data() + 17, 2, seconds % 60);
  put_digits(text.data() + 20, 6, micros % 1000000);
  out.append(text.data(), 27);
}

std::string format_time(timestamp time) {
  std::string text;
  append_time(text, time);
  return text;
}

std::string format_day(timestamp time) { return format_time(time).substr(0, 10); }

result<timestamp> parse_time(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool shaped = text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' &&
                      text[16] == ':' && text.back() == 'Z' && take_digits(text, 0, 4, year) &&
                      take_digits(text, 5, 2, month) && take_digits(text, 8, 2, day) &&
                      take_digits(text, 11, 2, hour) && take_digits(text, 14, 2, minute) &&
                      take_digits(text, 17, 2, second);
  int micros = 0;
  bool fraction_is_right = text.size() == 20;
  if (shaped && text[19] == '.' && text.size() >= 22 && text.size() <= 27) {
    const std::size_t digits = text.size() - 21;
    fraction_is_right = take_digits(text, 20, digits, micros);
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!shaped || !fraction_is_right || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return fail(error_kind::invalid, fmt::format("'{}' is no UTC time like 2026-11-21T09:30:00.123456Z", text));
  }
  return timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
}

timestamp system_clock::now() const {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::chrono::nanoseconds system_clock::monotonic() const { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace foldlog
