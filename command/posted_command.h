#pragma once

#include <expected>
#include <string_view>

#include "command/command_head.h"
#include "command/command_routes.h"

namespace foldlog {

/// What a request that brings one command (or one append of events) holds, whatever its route.
struct posted_command {
  command_head head;
  json::element body;  ///< lives until the context's parser parses again

  /// Media types, query, id, head fields and JSON, in the order of API.md. `what` is `a command`: a refusal's subject.
  [[nodiscard]] static std::expected<posted_command, http::problem> read(command_context_of_routes& context,
                                                                         const http::request& from,
                                                                         std::string_view stream_id,
                                                                         std::string_view what);
};

/// Answers the request with the problem, or hands the command on: then its outcome is the answer.
void submit_posted(command_context_of_routes& context, const http::request& from,
                   std::expected<checked_command, http::problem> ready, http::responder answer);

}  // namespace foldlog
