#pragma once

#include "test/simulation/cluster.h"

namespace foldlog::test {

/// Is the answer to a command right: I1, I6, and that it fits some moment between its question and itself? Gives how
/// the attempt ended.
[[nodiscard]] ending check_answer(world& in, const wanted_command& of, std::size_t attempt, const reply& got);

/// After the run: what was answered with a no was never applied, each command is applied once.
void check_endings(world& in);

}  // namespace foldlog::test
