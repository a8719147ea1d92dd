#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace foldlog {

enum class log_level { debug, info, warning, error, off };  ///< off: for set_log_level() only

/// One member of a log line; the key is a plain word, the value is rendered as JSON.
struct log_field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  log_field(std::string_view k, std::string_view v) : key(k), value(v) {}
  log_field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  log_field(std::string_view k, std::int64_t v) : key(k), value(v) {}
  log_field(std::string_view k, int v) : key(k), value(static_cast<std::int64_t>(v)) {}
  log_field(std::string_view k, std::uint64_t v) : key(k), value(static_cast<std::int64_t>(v)) {}
  log_field(std::string_view k, double v) : key(k), value(v) {}
  log_field(std::string_view k, bool v) : key(k), value(v) {}
};

/// Writes one JSON object and a newline to stderr: `{"time":"…","level":"info","message":"…",fields…}`. Any thread.
/// Never a body, a key or another client's data: names, numbers, causes.
void log(log_level level, std::string_view message, std::initializer_list<log_field> fields = {});
/// Lines below this level are not written; `info` at first.
void set_log_level(log_level level);

}  // namespace foldlog
