#include "test/schemas/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> taken;

}  // namespace

void* operator new(std::size_t size) {
  ++taken;
  if (auto* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace foldlog {

allocations::allocations() : before_(taken) {}
std::uint64_t allocations::since() const { return taken - before_; }

}  // namespace foldlog
