#include "core/base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "core/base/hash.h"

namespace foldlog {
namespace {

struct random_buffer {
  std::array<std::uint64_t, 32> words{};  // 256 bytes: getrandom() never gives fewer when asked for at most that many
  std::size_t used = 32;

  std::uint64_t take() {
    if (used == words.size()) {
      if (getrandom(words.data(), sizeof words, 0) != sizeof words) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
      }
      used = 0;
    }
    return words[used++];
  }
};

}  // namespace

random_source system_random() {
  return [buffer = std::make_shared<random_buffer>()] { return buffer->take(); };
}

std::string make_uuid7(timestamp now, const random_source& random) {
  const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count() / 1000);
  const std::uint64_t high = (ms & 0xffffffffffffU) << 16 | 0x7000U | (random() & 0x0fffU);
  const std::uint64_t low = 0x8000000000000000U | (random() & 0x3fffffffffffffffU);
  std::string text = hex(high, 16) + hex(low, 16);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace foldlog
