#pragma once

#include "command/command_routes.h"

namespace foldlog {

/// `POST /v1/commands`: one command per line (application/x-ndjson), one line of answer each, in the same order. Every
/// line stands alone.
void handle_command_batch(command_context_of_routes& context, const http::request& of, http::responder answer);

}  // namespace foldlog
