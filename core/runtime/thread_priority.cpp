#include "core/runtime/thread_priority.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <tuple>

namespace foldlog {
namespace {

/// `struct sched_attr` of sched_setattr(2) in its first version: the kernel's header for it collides with glibc's.
struct scheduling {
  std::uint32_t size = sizeof(scheduling);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(scheduling) == 48);

}  // namespace

void wish_slices_of(std::chrono::nanoseconds length) {
  scheduling wished;
  if (::syscall(SYS_sched_getattr, 0, &wished, sizeof(wished), 0) != 0) return;
  wished.runtime_ns = static_cast<std::uint64_t>(length.count());
  std::ignore = ::syscall(SYS_sched_setattr, 0, &wished, 0);
}

void lower_priority() { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 5); }

}  // namespace foldlog
