#include "core/base/fail_point.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace foldlog {
namespace {

struct chosen_point {
  std::string name;
  std::atomic<long> left = 1;

  chosen_point() {
    const char* chosen = std::getenv("FOLDLOG_FAIL_POINT");
    if (chosen == nullptr) return;
    name = chosen;
    const auto colon = name.find(':');
    if (colon == std::string::npos) return;
    long count = 1;
    std::from_chars(name.data() + colon + 1, name.data() + name.size(), count);
    left = count;
    name.resize(colon);
  }
};

}  // namespace

void fail_point(const char* name) {
  static chosen_point chosen;
  if (chosen.name == name && --chosen.left == 0) kill(getpid(), SIGKILL);
}

}  // namespace foldlog
