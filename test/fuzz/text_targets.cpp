// Short texts of requests: tokens, cursors, queries, fields with a grammar of their own.
#include <array>
#include <string>

#include "command/command_head.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/names.h"
#include "core/base/position.h"
#include "core/http/negotiation.h"
#include "core/http/router.h"
#include "core/log/record.h"
#include "query/conditional.h"
#include "query/cursor.h"
#include "query/preference.h"
#include "test/fuzz/target.h"

namespace foldlog::fuzz {
namespace {

void check_token(std::string_view text) {
  const auto parsed = token::parse(text);
  if (!parsed) return expect(!parsed.error().text.empty(), "a refusal without a reason");
  const auto again = token::parse(parsed->text());
  expect(again.has_value() && *again == *parsed, "a token's text reads as another token");
}

void check_fields(std::string_view value) {
  const std::array<http::header_field, 6> fields{{{"If-Match", value},
                                                  {"Idempotency-Key", value},
                                                  {"Foldlog-Correlation", value},
                                                  {"traceparent", value},
                                                  {"Prefer", value},
                                                  {"Accept", value}}};
  http::request request;
  for (const auto& field : fields) {
    request.headers = {&field, 1};
    if (const auto head = command_head::parse(request)) {
      if (!head->command_id.empty()) expect(is_command_id(head->command_id), "a command id that is none");
      if (!head->traceparent.empty()) expect(is_traceparent(head->traceparent), "a trace context that is none");
      if (head->expected_version) {
        expect('"' + std::to_string(*head->expected_version) + '"' == value, "a version that was not asked for");
      }
    }
    std::ignore = http::accepts(request, "application/json");
    const auto wait = query::preferred_wait(request);
    expect(wait.count() >= 0 && wait <= std::chrono::seconds(30), "a wait beyond 30 s");
  }
  const auto tag = query::entity_tag(value);
  expect(query::client_has(tag, tag), "an entity tag does not match itself");
  std::ignore = query::client_has(value, tag);
}

void check_command_id(std::string_view value) {
  const auto id = parse_command_id(value);
  if (!id) return;
  std::string quoted = "\"";
  for (const char c : *id) quoted.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  expect(parse_command_id(quoted + '"') == id, "a command id in quotes reads as another one");
}

void check_names(std::string_view text) {
  epoch_id epoch;
  if (epoch_id::parse(text, epoch)) {
    epoch_id again;
    expect(epoch_id::parse(epoch.text(), again) && again == epoch, "an epoch's text reads as another epoch");
  }
  if (const auto time = parse_time(text)) {
    const auto again = parse_time(format_time(*time));
    expect(again && *again == *time, "a time's text reads as another time");
  }
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out.append("%").append(hex(static_cast<unsigned char>(c), 2));
  return out;
}

}  // namespace

void texts(std::string_view bytes) {
  check_token(bytes);
  check_fields(bytes);
  check_command_id(bytes);
  check_names(bytes);
}

void query_string(std::string_view bytes) {
  const auto parsed = http::parse_query(bytes, {"limit", "prefix", "index", "a b"});
  if (!parsed) return expect(!parsed.error().detail.empty(), "a refusal without a reason");
  std::string again;
  for (const auto& [name, value] : parsed->all) {
    expect(parsed->find(name) != nullptr && *parsed->find(name) == value, "a parameter that is not found again");
    again.append(again.empty() ? "" : "&").append(percent_encoded(name)).append("=").append(percent_encoded(value));
  }
  const auto twice = http::parse_query(again, {"limit", "prefix", "index", "a b"});
  expect(twice && twice->all == parsed->all, "a query that was encoded reads as another one");
  std::string decoded;
  expect(http::percent_decode(percent_encoded(bytes), decoded) && decoded == bytes, "percent-encoding loses bytes");
}

void cursor(std::string_view bytes) {
  const auto zero = bytes.find('\0');
  const auto identity = bytes.substr(0, zero == std::string_view::npos ? 0 : zero);
  const auto rest = zero == std::string_view::npos ? bytes : bytes.substr(zero + 1);
  const auto made = query::encode_cursor(identity, rest);
  const auto last = query::decode_cursor(identity, made);
  expect(last && *last == rest, "a cursor does not give back what went in");
  if (const auto taken = query::decode_cursor(identity, rest)) {
    expect(query::encode_cursor(identity, *taken) == rest, "a cursor that we would not have made");
  }
}

}  // namespace foldlog::fuzz
