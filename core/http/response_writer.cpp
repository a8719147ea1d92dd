#include "core/http/response_writer.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <charconv>
#include <chrono>

#include "core/http/problem.h"

namespace foldlog::http {
namespace {

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
  out.append(digits, end);
}

void append_status_line(std::string& out, int status) {
  namespace beast_http = boost::beast::http;
  const auto reason = beast_http::obsolete_reason(static_cast<beast_http::status>(status));
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason.data(), reason.size()).append("\r\n");
}

bool may_have_body(int status) { return status != status::no_content && status != status::not_modified; }

}  // namespace

std::string http_date(std::int64_t unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
      days.substr(std::size_t{3} * std::chrono::weekday(day).c_encoding(), 3), static_cast<unsigned>(date.day()),
      months.substr(std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3), static_cast<int>(date.year()),
      clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string common_fields(std::int64_t unix_seconds) {
  return "Server: foldlog\r\nDate: " + http_date(unix_seconds) + "\r\n";
}

bool has_body(const response& answer, const answer_form& form) { return !form.to_head && may_have_body(answer.status); }

void append_head(std::string& out, const response& answer, const answer_form& form, std::string_view common) {
  append_status_line(out, answer.status);
  out.append(common);
  if (!answer.content_type.empty()) out.append("Content-Type: ").append(answer.content_type).append("\r\n");
  if (answer.stream) {
    if (!form.to_http_10) out.append("Transfer-Encoding: chunked\r\n");
  } else if (may_have_body(answer.status)) {
    out.append("Content-Length: ");
    append_number(out, answer.body.size());
    out.append("\r\n");
  }
  out.append(answer.fields);
  if (form.close) {
    out.append("Connection: close\r\n");
  } else if (form.to_http_10) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view piece) {
  append_number(out, piece.size(), 16);
  out.append("\r\n").append(piece).append("\r\n");
}

}  // namespace foldlog::http
