#pragma once

#include <string>

#include "command/command.h"
#include "core/http/message.h"
#include "core/http/problem.h"

namespace foldlog {

/// Where a command went: what its answer names besides the outcome.
struct command_place {
  std::string_view domain;
  std::string_view category;
  std::int32_t partition = 0;
};

/// `{"command_id":…,"stream":…,"version":…,"token":…,"events":[…]}` for what was applied or unchanged.
void append_command_body(std::string& out, const command_place& place, const command_request& of,
                         const command_outcome& outcome);
/// The problem for every other outcome.
[[nodiscard]] http::problem command_problem(const command_request& of, const command_outcome& outcome);

/// The whole answer to one command.
[[nodiscard]] http::response render_command(const command_place& place, const command_request& of,
                                            const command_outcome& outcome);
/// Its line in a batch's answer, with the newline.
void append_command_line(std::string& out, const command_place& place, const command_request& of,
                         const command_outcome& outcome);

}  // namespace foldlog
