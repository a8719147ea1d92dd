#include "command/command_head.h"

#include <algorithm>
#include <charconv>

#include "core/base/names.h"
#include "core/http/structured_field.h"

namespace foldlog {
namespace {

using http::problem;
using http::problem_kind;

std::unexpected<problem> malformed(std::string detail) {
  return std::unexpected(problem{.kind = problem_kind::malformed_request, .detail = std::move(detail)});
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

// Exactly one strong entity tag whose text is a number below 2^63, in plain digits.
std::optional<std::uint64_t> parse_version_tag(std::string_view value) {
  if (value.size() < 3 || value.front() != '"' || value.back() != '"') return std::nullopt;
  const auto digits = value.substr(1, value.size() - 2);
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  std::uint64_t version = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (code != std::errc() || end != digits.data() + digits.size() || version > INT64_MAX) return std::nullopt;
  return version;
}

std::expected<std::optional<std::uint64_t>, problem> parse_condition(const http::request& from) {
  const auto match = from.header("If-Match");
  const auto none_match = from.header("If-None-Match");
  if (match && none_match) return malformed("If-Match and If-None-Match exclude each other");
  if (from.count("If-Match") > 1 || from.count("If-None-Match") > 1) return malformed("a condition may be sent once");
  if (none_match) {
    if (*none_match != "*") return malformed("If-None-Match takes only * on a command");
    return 0;
  }
  if (!match) return std::nullopt;
  const auto version = parse_version_tag(*match);
  if (!version) return malformed("If-Match takes exactly one strong tag with the stream's version, such as \"4\"");
  return version;
}

}  // namespace

std::optional<std::string> parse_command_id(std::string_view value) {
  auto id = value.starts_with('"') ? http::parse_string_item(value) : std::optional<std::string>(value);
  if (!id || !is_command_id(*id)) return std::nullopt;
  return id;
}

bool is_traceparent(std::string_view value) {
  if (value.size() < 55 || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
  const auto version = value.substr(0, 2);
  const auto trace = value.substr(3, 32);
  const auto parent = value.substr(36, 16);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(value.substr(53, 2))) return false;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return false;
  return value.size() == 55 || (version != "00" && value[55] == '-' && value.size() <= 512);
}

std::expected<command_head, problem> command_head::parse(const http::request& from) {
  command_head head;
  if (const auto key = from.header("Idempotency-Key")) {
    const auto id = from.count("Idempotency-Key") == 1 ? parse_command_id(*key) : std::nullopt;
    if (!id) {
      return std::unexpected(
          problem{.kind = problem_kind::invalid_command_id,
                  .detail = "Idempotency-Key takes one command id: 1-128 visible ASCII characters, bare or quoted"});
    }
    head.command_id = *id;
  }
  auto condition = parse_condition(from);
  if (!condition) return std::unexpected(condition.error());
  head.expected_version = *condition;
  if (const auto correlation = from.header("Foldlog-Correlation")) {
    const auto id = from.count("Foldlog-Correlation") == 1 ? parse_command_id(*correlation) : std::nullopt;
    if (!id) return malformed("Foldlog-Correlation takes one id: 1-128 visible ASCII characters, bare or quoted");
    head.correlation_id = *id;
  }
  if (const auto trace = from.header("traceparent");
      trace && from.count("traceparent") == 1 && is_traceparent(*trace)) {
    head.traceparent = *trace;
  }
  return head;
}

}  // namespace foldlog
