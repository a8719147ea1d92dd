#pragma once

#include "test/simulation/cluster.h"

namespace foldlog::test {

/// The rows, index entries and streams that a disk holds are those of the truth, at the place that each view names
/// (I4).
void check_disk(world& in, const disk& of, std::string_view whose);

/// Replays from offset zero, with one thread and with several, give the digests of the truth's rows (I5).
void check_replays(world& in);

}  // namespace foldlog::test
