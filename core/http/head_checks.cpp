#include "core/http/head_checks.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/http/content_coder.h"
#include "core/http/text.h"

namespace foldlog::http {
namespace {

constexpr auto npos = std::string_view::npos;

problem malformed(std::string_view detail) {
  return {.kind = problem_kind::malformed_request, .detail = std::string(detail)};
}

// Nothing when the list of transfer codings is exactly `chunked`. Takes the fields one after the other.
class coding_list {
 public:
  std::optional<problem> take(std::string_view value) {
    while (true) {
      const auto coding = trim(value.substr(0, value.find(',')));
      if (coding.empty()) return malformed("Transfer-Encoding has an empty element");
      if (chunked_) return malformed("chunked is not the last transfer coding, or stands twice");
      const auto name = trim(coding.substr(0, coding.find(';')));
      if (!equals_ignoring_case(name, "chunked")) {
        unknown_ = true;
      } else if (name.size() != coding.size()) {
        return malformed("the transfer coding chunked has no parameters");
      } else {
        chunked_ = true;
      }
      if (value.find(',') == npos) return std::nullopt;
      value.remove_prefix(value.find(',') + 1);
    }
  }
  [[nodiscard]] bool unknown() const { return unknown_; }

 private:
  bool chunked_ = false;
  bool unknown_ = false;
};

// A number beyond 64 bits is still a number: all ones, larger than any limit.
std::optional<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (most - digit) / 10) return most;
    number = number * 10 + digit;
  }
  return number;
}

class head_check {
 public:
  explicit head_check(std::string_view head) : head_(head) {}

  std::expected<head_facts, problem> run() {
    auto rest = head_;
    if (auto refusal = request_line(next_line(rest))) return std::unexpected(std::move(*refusal));
    while (rest.size() > 2) {
      if (auto refusal = field_line(next_line(rest))) return std::unexpected(std::move(*refusal));
    }
    if (auto refusal = together()) return std::unexpected(std::move(*refusal));
    return facts_;
  }

 private:
  static std::string_view next_line(std::string_view& rest) {
    const auto line = rest.substr(0, rest.find('\n') - 1);
    rest.remove_prefix(line.size() + 2);
    return line;
  }

  std::optional<problem> request_line(std::string_view line) {
    const auto method = line.substr(0, line.find(' '));
    if (method.empty() || method.size() == line.size() || !std::ranges::all_of(method, is_token_byte)) {
      return malformed("the request line does not begin with a method and a space");
    }
    line.remove_prefix(method.size() + 1);
    const auto target = line.substr(0, line.find(' '));
    if (target.size() == line.size()) return malformed("the request line has no HTTP version");
    line.remove_prefix(target.size() + 1);
    if (auto refusal = version(line)) return refusal;
    return check_target(method, target);
  }

  std::optional<problem> version(std::string_view text) {
    const bool formed =
        text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
    if (!formed) return malformed("the request line does not end with an HTTP version");
    if (text[5] != '1') {
      return problem{.kind = problem_kind::version_not_supported, .detail = "this server speaks HTTP/1.1 and HTTP/1.0"};
    }
    facts_.minor_version = text[7] == '0' ? 0 : 1;
    facts_.version_digit = static_cast<std::size_t>(text.data() - head_.data()) + 7;
    return std::nullopt;
  }

  static std::optional<problem> check_target(std::string_view method, std::string_view target) {
    const auto fits = [](char c) { return c > 0x20 && c < 0x7f && c != '#'; };
    if (target.empty() || !std::ranges::all_of(target, fits))
      return malformed("the request target has a forbidden byte");
    if (method == "CONNECT") {
      const auto colon = target.rfind(':');
      const bool formed = colon != npos && colon > 0 && colon + 1 < target.size() &&
                          std::ranges::all_of(target.substr(colon + 1), is_digit) &&
                          std::ranges::all_of(target, is_host_byte);
      return formed ? std::nullopt : std::optional(malformed("CONNECT takes a host and a port"));
    }
    if (target.front() == '/' || (target == "*" && method == "OPTIONS")) return std::nullopt;
    const auto scheme = target.find("://");
    const bool absolute = scheme != npos && (equals_ignoring_case(target.substr(0, scheme), "http") ||
                                             equals_ignoring_case(target.substr(0, scheme), "https"));
    const auto authority =
        absolute ? target.substr(scheme + 3, target.find_first_of("/?", scheme + 3) - scheme - 3) : std::string_view();
    if (!authority.empty() && std::ranges::all_of(authority, is_host_byte)) return std::nullopt;
    return malformed("the request target is neither a path nor an absolute http address");
  }

  std::optional<problem> field_line(std::string_view line) {
    if (is_blank(line.front())) return malformed("a header field is folded over two lines");
    const auto colon = line.find(':');
    if (colon == npos || colon == 0) return malformed("a header line has no field name");
    const auto name = line.substr(0, colon);
    if (!std::ranges::all_of(name, is_token_byte)) return malformed("a field name has a byte that no token has");
    const auto value = trim(line.substr(colon + 1));
    if (!std::ranges::all_of(value, is_field_byte)) return malformed("a field value has a control byte");
    switch (name.size()) {
      case 4:
        return equals_ignoring_case(name, "Host") ? host(value) : std::nullopt;
      case 6:
        return equals_ignoring_case(name, "Expect") ? expectation(value) : std::nullopt;
      case 14:
        return equals_ignoring_case(name, "Content-Length") ? content_length(value) : std::nullopt;
      case 15:
        if (equals_ignoring_case(name, "Accept-Encoding")) accepted_.take(value);
        return std::nullopt;
      case 17:
        return equals_ignoring_case(name, "Transfer-Encoding") ? transfer_encoding(value) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  std::optional<problem> host(std::string_view value) {
    if (std::exchange(has_host_, true)) return malformed("Host stands more than once");
    if (!std::ranges::all_of(value, is_host_byte)) return malformed("Host is no host with an optional port");
    return std::nullopt;
  }

  std::optional<problem> expectation(std::string_view value) {
    equals_ignoring_case(value, "100-continue") ? facts_.expects_continue = true : facts_.fails_expectation = true;
    return std::nullopt;
  }

  std::optional<problem> content_length(std::string_view value) {
    if (std::exchange(has_length_, true)) return malformed("Content-Length stands more than once");
    const auto length = parse_length(value);
    if (!length) return malformed("Content-Length is not one number");
    facts_.length = *length;
    facts_.body = *length == 0 ? head_facts::framing::none : head_facts::framing::length;
    return std::nullopt;
  }

  std::optional<problem> transfer_encoding(std::string_view value) {
    has_coding_ = true;
    return codings_.take(value);
  }

  // What only all fields together show.
  std::optional<problem> together() {
    if (!has_host_ && facts_.minor_version == 1) return malformed("HTTP/1.1 asks for a Host field");
    if (has_coding_ && facts_.minor_version == 0) return malformed("HTTP/1.0 has no Transfer-Encoding");
    if (has_coding_ && has_length_) return malformed("Transfer-Encoding and Content-Length stand together");
    if (codings_.unknown()) {
      return problem{.kind = problem_kind::not_implemented, .detail = "the only transfer coding here is chunked"};
    }
    if (has_coding_) facts_.body = head_facts::framing::chunked;
    // RFC 9110, 10.1.1: an HTTP/1.0 request's expectation is ignored.
    if (facts_.minor_version == 0) facts_.expects_continue = facts_.fails_expectation = false;
    facts_.takes_gzip = accepted_.gzip();
    return std::nullopt;
  }

  std::string_view head_;
  head_facts facts_;
  coding_list codings_;
  accepted_codings accepted_;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_coding_ = false;
};

}  // namespace

head_scanner::outcome head_scanner::scan(std::string_view bytes) {
  while (true) {
    const auto end = bytes.find('\n', line_);
    if (end == npos) return check_rest(bytes.substr(line_));
    const auto outcome = take_line(bytes.substr(line_, end - line_));
    if (outcome != outcome::incomplete) return outcome;
  }
}

// `line` still has its CR. What is wrong first decides, so that the answer does not depend on how the bytes came.
head_scanner::outcome head_scanner::take_line(std::string_view line) {
  const auto bytes = std::min(line.find('\r'), line.size());
  if (const auto outcome = check_size(bytes); outcome != outcome::incomplete) return outcome;
  if (bytes + 1 != line.size()) return refuse(problem_kind::malformed_request, "a line does not end with CR LF");
  line_ += line.size() + 1;
  if (fields_begin_ == 0) {
    fields_begin_ = line_;
    return outcome::incomplete;
  }
  if (bytes == 0) return outcome::complete;
  if (++fields_ > limits_->header_fields) return refuse(problem_kind::headers_too_large, "");
  return outcome::incomplete;
}

// A line that has not ended yet.
head_scanner::outcome head_scanner::check_rest(std::string_view rest) {
  const auto bytes = std::min(rest.find('\r'), rest.size());
  if (const auto outcome = check_size(bytes); outcome != outcome::incomplete) return outcome;
  if (bytes + 1 < rest.size()) return refuse(problem_kind::malformed_request, "a line does not end with CR LF");
  return outcome::incomplete;
}

// Of the present line that many bytes are there, without the CRLF that must still come.
head_scanner::outcome head_scanner::check_size(std::size_t bytes) {
  if (fields_begin_ == 0) {
    return bytes > limits_->request_line_bytes ? refuse(problem_kind::uri_too_long, "") : outcome::incomplete;
  }
  const bool too_large = bytes > 0 && line_ - fields_begin_ + bytes + 2 > limits_->header_bytes;
  return too_large ? refuse(problem_kind::headers_too_large, "") : outcome::incomplete;
}

head_scanner::outcome head_scanner::refuse(problem_kind kind, std::string_view detail) {
  refusal_ = {.kind = kind, .detail = std::string(detail)};
  if (kind == problem_kind::uri_too_long) {
    refusal_.detail = "the request line may have " + std::to_string(limits_->request_line_bytes) + " bytes";
  } else if (kind == problem_kind::headers_too_large) {
    refusal_.detail = "the header may have " + std::to_string(limits_->header_bytes) + " bytes in " +
                      std::to_string(limits_->header_fields) + " fields";
  }
  return outcome::refused;
}

std::expected<head_facts, problem> check_head(std::string_view head) { return head_check(head).run(); }

}  // namespace foldlog::http
