// The TOML file.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "test/fuzz/target.h"
#include "tools/configuration.h"

namespace foldlog::fuzz {

void configuration_file(std::string_view bytes) {
  static const auto folder = [] {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  }();
  const auto path = folder / ("foldlog-fuzz-" + std::to_string(getpid()) + ".toml");
  std::ofstream(path, std::ios::binary) << bytes;
  const auto made = configure({}, path, [](const char*) -> const char* { return nullptr; });
  std::filesystem::remove(path);
  if (!made) return expect(!made.error().text.empty(), "a refusal without a reason");
  expect(made->edge.body_bytes >= 1 && made->replicas >= 1, "a value beyond its limits");
  expect(!made->partitions || (*made->partitions >= 1 && *made->partitions <= 10'000), "a value beyond its limits");
}

}  // namespace foldlog::fuzz
