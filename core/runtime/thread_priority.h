#pragma once

#include <chrono>

namespace foldlog {

/// How the calling thread shares the processor: a wish, on kernels that don't know it nothing changes.
///
/// Short slices: the thread runs often and briefly, and when it wakes it does not wait for the slice of another thread
/// to end (EEVDF of Linux 6.12 and later: sched_setattr(2), a `sched_runtime` from 0.1 to 100 ms). Its share of the
/// processor stays the same.
void wish_slices_of(std::chrono::nanoseconds length);

/// Others come first (nice +5).
void lower_priority();

}  // namespace foldlog
