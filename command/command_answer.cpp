#include "command/command_answer.h"

#include <fmt/format.h>

#include "core/runtime/logging.h"

namespace foldlog {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

void append_position(std::string& out, const command_place& place, offset_t offset) {
  out += place.domain;
  out += '.';
  out += place.category;
  out += '/';
  append_number(out, static_cast<std::uint64_t>(place.partition));
  out += '@';
  append_number(out, static_cast<std::uint64_t>(raw(offset)));
}

std::string token_of(const command_place& place, const command_outcome& outcome) {
  std::string text;
  if (outcome.last_event != no_offset) append_position(text, place, outcome.last_event);
  return text;
}

// Nothing of the inside leaves: the log line carries the id that the client gets.
http::problem internal_problem(const command_request& of, const command_outcome& outcome) {
  const auto instance =
      fmt::format("/problems/internal/{:08x}", static_cast<std::uint32_t>(std::hash<std::string>()(of.command_id)));
  log(log_level::error, "a command failed", {{"instance", instance}, {"command", of.name}, {"reason", outcome.detail}});
  return {.kind = http::problem_kind::internal, .detail = "the command failed inside the engine", .instance = instance};
}

// Another node's whole answer as a line: bodies of successes gain their status, problems have it.
void append_relayed_line(std::string& out, const http::response& answer) {
  const bool replayed = answer.fields.find("Idempotent-Replayed: true") != std::string::npos;
  if (answer.status == http::status::ok) {
    out += R"({"status":200,)";
    if (replayed) out += R"("replayed":true,)";
    out.append(answer.body, 1);
  } else {
    auto body = answer.body;
    if (replayed) body.insert(body.size() - 1, R"(,"replayed":true)");
    out += body;
  }
}

}  // namespace

void append_command_body(std::string& out, const command_place& place, const command_request& of,
                         const command_outcome& outcome) {
  out += R"({"command_id":)";
  http::append_json_string(out, of.command_id);
  out += R"(,"stream":")";
  out += place.domain;
  out += '/';
  out += place.category;
  out += '/';
  out += of.stream_id;
  out += R"(","version":)";
  append_number(out, raw(outcome.version));
  out += R"(,"token":")";
  if (outcome.last_event != no_offset) append_position(out, place, outcome.last_event);
  out += R"(","events":[)";
  std::uint64_t version = raw(outcome.version) - outcome.events.size();
  for (const auto& event : outcome.events) {
    if (&event != &outcome.events.front()) out += ',';
    out += R"({"type":")";
    out += event.type;
    out += R"(","id":")";
    out += of.stream_id;
    out += '/';
    append_number(out, ++version);
    out += R"(","version":)";
    append_number(out, version);
    out += R"(,"position":")";
    append_position(out, place, event.offset);
    out += R"(","data":)";
    out += event.data;
    out += '}';
  }
  out += "]}";
}

http::problem command_problem(const command_request& of, const command_outcome& outcome) {
  using http::problem_kind;
  const auto version = raw(outcome.version);
  switch (outcome.kind) {
    case outcome_kind::refused: {
      std::string members = R"(,"code":)";
      http::append_json_string(members, outcome.refusal.code);
      members += fmt::format(R"(,"version":{}{})", version, outcome.refusal.members);
      return {.kind = problem_kind::refused,
              .detail = fmt::format("{} was refused: {}", of.name, outcome.refusal.code),
              .members = members};
    }
    case outcome_kind::version_mismatch:
      return {.kind = problem_kind::version_mismatch,
              .detail = version == 0 ? std::string("there is no such stream")
                                     : fmt::format("the stream is at version {}", version),
              .members = fmt::format(R"(,"current_version":{})", version)};
    case outcome_kind::id_reused:
      return {.kind = problem_kind::command_id_reused,
              .detail = "the command id was used on this stream with another command, data or condition"};
    case outcome_kind::overloaded:
      return {.kind = problem_kind::overloaded, .detail = outcome.detail};
    case outcome_kind::not_ready:
      return {.kind = problem_kind::not_ready, .detail = outcome.detail};
    case outcome_kind::log_unavailable:
      return {.kind = problem_kind::log_unavailable, .detail = outcome.detail};
    case outcome_kind::unknown:
      return {.kind = problem_kind::outcome_unknown,
              .detail = fmt::format("{}; send it again with the same command id: {}", outcome.detail, of.command_id)};
    case outcome_kind::applied:
    case outcome_kind::unchanged:
    case outcome_kind::internal:
    case outcome_kind::relayed:
      break;
  }
  return internal_problem(of, outcome);
}

http::response render_command(const command_place& place, const command_request& of, const command_outcome& outcome) {
  if (outcome.kind == outcome_kind::relayed) return std::move(*outcome.answer);
  if (outcome.kind != outcome_kind::applied && outcome.kind != outcome_kind::unchanged) {
    auto answer = http::render(command_problem(of, outcome));
    if (outcome.replayed) answer.add("Idempotent-Replayed", "true");
    return answer;
  }
  http::response answer;
  answer.status = http::status::ok;
  answer.content_type = "application/json";
  answer.fields.reserve(96);
  answer.fields += "ETag: \"";
  append_number(answer.fields, raw(outcome.version));
  answer.fields += "\"\r\n";
  if (const auto token = token_of(place, outcome); !token.empty()) answer.add("Foldlog-Token", token);
  if (outcome.replayed) answer.add("Idempotent-Replayed", "true");
  answer.body.reserve(384);
  append_command_body(answer.body, place, of, outcome);
  return answer;
}

void append_command_line(std::string& out, const command_place& place, const command_request& of,
                         const command_outcome& outcome) {
  if (outcome.kind == outcome_kind::relayed) {
    append_relayed_line(out, *outcome.answer);
  } else if (outcome.kind == outcome_kind::applied || outcome.kind == outcome_kind::unchanged) {
    out += R"({"status":200,)";
    if (outcome.replayed) out += R"("replayed":true,)";
    std::string body;
    append_command_body(body, place, of, outcome);
    out.append(body, 1);
  } else {
    auto body = http::render_body(command_problem(of, outcome));
    if (outcome.replayed) body.insert(body.size() - 1, R"(,"replayed":true)");
    out += body;
  }
  out += '\n';
}

}  // namespace foldlog
