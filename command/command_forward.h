#pragma once

#include "command/command_routes.h"

namespace foldlog {

/// To the owner of its partition: here, or at the node that has it. What the owner here can't decide because it is none
/// (any more) goes to the one that is, as the same command: it is applied once, and its answer is the owner's.
void submit_or_forward(command_context_of_routes& context, checked_command ready);

}  // namespace foldlog
