#pragma once

namespace foldlog {

#ifdef FOLDLOG_FAULTS
/// A place where a crash would hurt most. `FOLDLOG_FAIL_POINT=name` or `name:n` in the environment ends the process as
/// kill -9 does when it comes here for the n-th time (1 = the first); any thread. Compiled into the libraries
/// `<folder>_with_faults` only, and so into the program foldlog_with_faults, which is not installed.
void fail_point(const char* name);
#else
constexpr void fail_point(const char* /*name*/) {}
#endif

}  // namespace foldlog
