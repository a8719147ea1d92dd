#include "core/log/write_ahead_log.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "test/log/write_ahead_fragments.h"

using namespace foldlog;
using namespace foldlog::test;
using write_ahead::judge;
using write_ahead::remains;
using write_ahead::whole_fragments;

namespace {

std::string text(std::size_t size) { return std::string(size, 'x'); }
std::string zeros(std::size_t size) { return std::string(size, '\0'); }

}  // namespace

TEST_CASE("whole fragments end where the zeros begin") {
  const auto written = fragment(whole_record, "one") + fragment(whole_record, "") + fragment(whole_record, text(1000));
  CHECK(whole_fragments("") == 0);
  CHECK(whole_fragments(written) == written.size());
  CHECK(whole_fragments(written + zeros(5)) == written.size());
  CHECK(whole_fragments(written + zeros(5000)) == written.size());
  CHECK(whole_fragments(written.substr(0, written.size() - 1)) == written.size() - 1007);
}

TEST_CASE("a block with less than a header left is whole") {
  for (std::size_t left = 0; left < 7; ++left) {
    const auto written = fragment(whole_record, text(write_ahead::block_size - 7 - left));
    CHECK(whole_fragments(written + zeros(left)) == write_ahead::block_size);
  }
  CHECK(whole_fragments(fragment(whole_record, text(write_ahead::block_size - 14)) + zeros(7)) ==
        write_ahead::block_size - 7);
}

TEST_CASE("a fragment with any bit flipped is not whole") {
  const auto written = fragment(whole_record, "payload");
  for (std::size_t bit = 0; bit < 8 * written.size(); ++bit) {
    auto changed = written;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    CHECK(whole_fragments(changed + zeros(500)) == 0);
    for (std::size_t offset = 1000; offset < 1024; ++offset)
      CHECK(judge(changed + zeros(500), offset) == remains::damaged);
  }
}

TEST_CASE("zeros are not written yet") {
  CHECK(judge("", 0) == remains::unwritten);
  CHECK(judge(zeros(3), 100) == remains::unwritten);
  CHECK(judge(zeros(1 << 18), 100) == remains::unwritten);
}

TEST_CASE("a record whose sectors did not all arrive is torn, whichever they are") {
  std::mt19937 random(7);
  const auto draw = [&](std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(random);
  };
  int torn = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::size_t offset = draw(0, 2000);
    const auto written = fragment(whole_record, text(draw(1000, 4000)));
    auto rest = written + zeros(4096);
    bool lost = false, arrived = false;
    for (std::size_t at = 0; at < written.size();) {
      const auto size = std::min(512 - (offset + at) % 512, written.size() - at);
      if (draw(0, 1) == 0) {
        rest.replace(at, size, zeros(size));
        lost = true;
      } else {
        arrived = true;
      }
      at += size;
    }
    if (!lost || !arrived) continue;
    CHECK(judge(rest, offset) == remains::torn);
    ++torn;
  }
  CHECK(torn > 1000);
}

TEST_CASE("a byte among the zeros was not written by us") {
  auto rest = zeros(20000);
  rest[10000] = '\1';
  CHECK(judge(rest, 24) == remains::damaged);
  CHECK(judge(rest.substr(9100), 24) == remains::damaged);
  CHECK(judge(rest.substr(9900), 24) == remains::damaged);
}

TEST_CASE("a record over several blocks is torn when sectors of it are missing, also those of its beginning") {
  const std::size_t offset = write_ahead::block_size - 1000;
  const auto begin = fragment(first_of_record, text(1000 - 7));
  const auto on = fragment(middle_of_record, text(write_ahead::block_size - 7)) + fragment(last_of_record, text(2000));
  CHECK(judge(zeros(begin.size()) + on + zeros(9000), offset) == remains::torn);
  CHECK(judge(begin.substr(0, 24) + zeros(begin.size() - 24) + on + zeros(9000), offset) == remains::torn);
}

TEST_CASE("sectors that are missing before another record were durable once") {
  const auto next = fragment(whole_record, "the next");
  CHECK(judge(zeros(2000) + next + zeros(500), 24) == remains::damaged);
  const auto written = fragment(whole_record, text(1500));
  CHECK(judge(written.substr(0, 488) + zeros(written.size() - 488) + next, 24) == remains::damaged);
  CHECK(judge(zeros(2000) + fragment(first_of_record, "the next"), 24) == remains::damaged);
}

TEST_CASE("a last record that lacks no sector is damaged") {
  auto written = fragment(whole_record, text(1500));
  written[700] = 'y';
  CHECK(judge(written, 24) == remains::damaged);
  CHECK(judge(written + zeros(9000), 24) == remains::damaged);
}

TEST_CASE("a file that ends within a record is never taken for one with nothing more in it") {
  const auto written = fragment(whole_record, text(1500));
  for (std::size_t size = 1; size < written.size(); ++size) {
    CHECK(whole_fragments(written.substr(0, size)) == 0);
    CHECK(judge(written.substr(0, size), 24) != remains::unwritten);
  }
}
