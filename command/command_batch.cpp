#include "command/command_batch.h"

#include <fmt/format.h>

#include "command/command_answer.h"
#include "command/command_head.h"
#include "core/base/names.h"
#include "core/http/negotiation.h"

namespace foldlog {
namespace {

using http::problem;
using http::problem_kind;

// The lines of one answer; it leaves when the last one is there.
struct batch_answer {
  std::vector<std::string> lines;
  std::size_t missing = 0;
  http::responder answer;

  void put(std::size_t index, std::string line) {
    lines[index] = std::move(line);
    if (--missing == 0) send();
  }
  void send() {
    http::response whole;
    whole.status = http::status::ok;
    whole.content_type = "application/x-ndjson";
    std::size_t size = 0;
    for (const auto& line : lines) size += line.size();
    whole.body.reserve(size);
    for (const auto& line : lines) whole.body += line;
    answer(std::move(whole));
  }
};

std::unexpected<problem> malformed(std::string detail) {
  return std::unexpected(problem{.kind = problem_kind::malformed_request, .detail = std::move(detail)});
}

std::vector<std::string_view> split_lines(std::string_view body) {
  std::vector<std::string_view> lines;
  while (!body.empty()) {
    const auto end = body.find('\n');
    auto line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.push_back(line);
  }
  return lines;
}

struct batch_line {
  std::string_view domain, category, id, command, command_id;
  std::optional<json::element> data;
  std::optional<std::uint64_t> expected_version;
  bool has_command_id = false;
};

std::expected<batch_line, problem> read_line(json::element line) {
  if (line.kind() != json::kind::object) return malformed("the line is no JSON object");
  batch_line read;
  for (const auto [name, value] : line.members()) {
    const auto text = [&, name = name, value = value](std::string_view& to) -> std::expected<void, problem> {
      if (value.kind() != json::kind::string) return malformed(fmt::format("the member {} is no string", name));
      to = value.as_string();
      return {};
    };
    std::expected<void, problem> taken;
    if (name == "domain")
      taken = text(read.domain);
    else if (name == "category")
      taken = text(read.category);
    else if (name == "id")
      taken = text(read.id);
    else if (name == "command")
      taken = text(read.command);
    else if (name == "data")
      read.data = value;
    else if (name == "command_id")
      taken = text(read.command_id), read.has_command_id = true;
    else if (name == "expected_version") {
      const auto version = value.as_int64();
      if (!version || *version < 0) return malformed("expected_version is no version");
      read.expected_version = static_cast<std::uint64_t>(*version);
    } else {
      return malformed(fmt::format("the member {} is unknown", name));
    }
    if (!taken) return std::unexpected(taken.error());
  }
  for (const auto& [name, value] : {std::pair("domain", line.find("domain")),
                                    std::pair("category", line.find("category")), std::pair("id", line.find("id")),
                                    std::pair("command", line.find("command")), std::pair("data", line.find("data"))}) {
    if (!value) return malformed(fmt::format("the member {} is missing", name));
  }
  return read;
}

std::expected<checked_command, problem> check_line(command_context_of_routes& context, std::string_view text) {
  const auto parsed = context.parser.parse(text);
  if (!parsed) return std::unexpected(problem{.kind = problem_kind::malformed_json, .detail = parsed.error().text});
  const auto line = read_line(*parsed);
  if (!line) return std::unexpected(line.error());
  const auto category = find_command(context.service, line->domain, line->category, line->command);
  if (!category) return std::unexpected(category.error());
  if (!is_stream_id(line->id)) {
    return std::unexpected(problem{.kind = problem_kind::invalid_id,
                                   .detail = "an id is 1-128 bytes of [A-Za-z0-9._~:@-], not '.' or '..'"});
  }
  if (line->has_command_id && !is_command_id(line->command_id)) {
    return std::unexpected(
        problem{.kind = problem_kind::invalid_command_id, .detail = "a command id is 1-128 visible ASCII characters"});
  }
  return check_command(context, **category, line->id, line->command, *line->data, text_of(*line->data),
                       {.command_id = std::string(line->command_id), .expected_version = line->expected_version});
}

}  // namespace

void handle_command_batch(command_context_of_routes& context, const http::request& of, http::responder answer) {
  const auto refuse = [&](problem_kind kind, std::string detail) {
    answer(http::render({.kind = kind, .detail = std::move(detail)}));
  };
  if (!http::is_content_type(of, "application/x-ndjson")) {
    return refuse(problem_kind::unsupported_media_type, "a batch's body is application/x-ndjson");
  }
  if (!http::accepts(of, "application/x-ndjson") && !http::accepts(of, "application/json")) {
    return refuse(problem_kind::not_acceptable, "the answer is application/x-ndjson");
  }
  if (!of.query.empty()) return refuse(problem_kind::invalid_parameter, "a batch takes no query parameters");
  const auto lines = split_lines(of.body);
  if (lines.size() > context.batch_commands) {
    return refuse(problem_kind::body_too_large,
                  fmt::format("a batch takes at most {} commands", context.batch_commands));
  }
  auto batch = std::make_shared<batch_answer>();
  batch->lines.resize(lines.size());
  batch->missing = lines.size();
  batch->answer = std::move(answer);
  if (lines.empty()) return batch->send();
  for (std::size_t index = 0; index < lines.size(); ++index) {
    auto ready = check_line(context, lines[index]);
    if (!ready) {
      batch->put(index, http::render_body(ready.error()) + "\n");
      continue;
    }
    const auto place = ready->place;
    ready->forwarded = context.elsewhere != nullptr && of.count(forwarded_field) > 0;
    ready->in_order = true;
    submit_checked(context, std::move(*ready),
                   [batch, index, place](const command_request& done, const command_outcome& outcome) {
                     std::string line;
                     append_command_line(line, place, done, outcome);
                     batch->put(index, std::move(line));
                   });
  }
}

}  // namespace foldlog
