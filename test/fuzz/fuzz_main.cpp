// libFuzzer's entry: FOLDLOG_FUZZ_TARGET names the target.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "test/fuzz/target.h"

namespace {

void (*chosen)(std::string_view bytes) = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = std::getenv("FOLDLOG_FUZZ_TARGET");
  for (const auto& each : foldlog::fuzz::targets()) {
    if (name != nullptr && each.name == name) chosen = each.run;
  }
  if (chosen != nullptr) return 0;
  std::fprintf(stderr, "FOLDLOG_FUZZ_TARGET names no target; there are:");
  for (const auto& each : foldlog::fuzz::targets()) {
    std::fprintf(stderr, " %.*s", static_cast<int>(each.name.size()), each.name.data());
  }
  std::fprintf(stderr, "\n");
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen({reinterpret_cast<const char*>(data), size});
  return 0;
}
