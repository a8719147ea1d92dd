// Runs every target over its kept inputs, without libFuzzer: `fuzz_replay FOLDER ...`, where FOLDER/<target>/ holds
// inputs.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "test/fuzz/target.h"

namespace {

std::size_t replay(const foldlog::fuzz::target& what, const std::filesystem::path& folder) {
  std::size_t inputs = 0;
  if (!std::filesystem::exists(folder)) return inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::fprintf(stderr, "%s\r", entry.path().c_str());  // the last one named is the one that ended the process
    what.run(bytes);
    ++inputs;
  }
  return inputs;
}

}  // namespace

int main(int count, char** arguments) {
  int empty = 0;
  for (const auto& each : foldlog::fuzz::targets()) {
    std::size_t inputs = 0;
    for (int at = 1; at < count; ++at) inputs += replay(each, std::filesystem::path(arguments[at]) / each.name);
    std::printf("%-16s %6zu inputs\n", std::string(each.name).c_str(), inputs);
    if (inputs == 0) ++empty;
  }
  if (empty > 0) std::printf("%d targets have no input\n", empty);
  return empty == 0 ? 0 : 1;
}
