#include "core/runtime/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

#include "core/base/clock.h"
#include "core/base/names.h"

namespace foldlog {
namespace {

// Escaped for JSON; bytes that are no UTF-8 (another library's text may hold any) become '?'.
void append_quoted(std::string& out, std::string_view text) {
  const bool clean = is_valid_utf8(text);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += clean || byte < 0x80 ? c : '?';
    }
  }
  out += '"';
}

struct value_writer {
  std::string& out;
  void operator()(std::string_view text) const { append_quoted(out, text); }
  void operator()(std::int64_t number) const { out += std::to_string(number); }
  void operator()(double number) const { fmt::format_to(std::back_inserter(out), "{:.6g}", number); }
  void operator()(bool truth) const { out += truth ? "true" : "false"; }
};

spdlog::level::level_enum spdlog_level(log_level level) {
  switch (level) {
    case log_level::debug:
      return spdlog::level::debug;
    case log_level::info:
      return spdlog::level::info;
    case log_level::warning:
      return spdlog::level::warn;
    case log_level::error:
      return spdlog::level::err;
    case log_level::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::string_view name(log_level level) {
  switch (level) {
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warning:
      return "warning";
    case log_level::error:
    case log_level::off:
      return "error";
  }
  return "info";
}

spdlog::logger& stderr_logger() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("foldlog", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

}  // namespace

void log(log_level level, std::string_view message, std::initializer_list<log_field> fields) {
  auto& logger = stderr_logger();
  if (!logger.should_log(spdlog_level(level))) return;
  std::string line = R"({"time":")";
  append_time(line, system_clock().now());
  line += R"(","level":")";
  line += name(level);
  line += R"(","message":)";
  append_quoted(line, message);
  for (const auto& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    std::visit(value_writer{line}, field.value);
  }
  line += '}';
  logger.log(spdlog_level(level), line);
}

void set_log_level(log_level level) { stderr_logger().set_level(spdlog_level(level)); }

}  // namespace foldlog
