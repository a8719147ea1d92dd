#include "core/log/commit_reader.h"

#include <doctest/doctest.h>

#include <memory>

#include "test/log/contract.h"

using namespace foldlog;

namespace {

record claim() {
  record made;
  made.kind = record_kind::claim;
  made.offset = offset_t{0};
  made.epoch.nonce = 5;
  return made;
}

record event(std::string_view value, std::uint64_t sequence, std::uint32_t index, std::uint32_t count) {
  auto made = test::sample_event(value);
  made.epoch = {offset_t{0}, 5};
  made.epoch_sequence = sequence;
  made.commit_index = index;
  made.commit_count = count;
  return made;
}

commit_reader after_claim() {
  commit_reader reader;
  const auto [verdict, commit] = reader.feed(claim());
  CHECK(verdict == verdict::claim);
  CHECK(commit.empty());
  return reader;
}

}  // namespace

TEST_CASE("a commit of one record is given without a copy of its bytes") {
  auto reader = after_claim();
  const auto only = event("1", 0, 0, 1);
  const auto [verdict, commit] = reader.feed(only);
  CHECK(verdict == verdict::completes);
  REQUIRE(commit.size() == 1);
  CHECK(commit.front().value.data() == only.value.data());
  CHECK(reader.open().empty());
}

TEST_CASE("a commit that spans batches is given whole when the bytes of the earlier ones are gone") {
  auto reader = after_claim();
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint32_t index = 0; index < 4; ++index) {
      auto bytes = std::make_unique<std::string>(std::string(2000, static_cast<char>('a' + index)));
      const auto [verdict, commit] = reader.feed(event(*bytes, round * 4 + index, index, 4));
      if (index < 3) {
        CHECK(verdict == verdict::continues);
        CHECK(commit.empty());
        CHECK(reader.open().size() == index + 1);
        bytes->assign(2000, '!');
        continue;
      }
      CHECK(verdict == verdict::completes);
      REQUIRE(commit.size() == 4);
      for (std::size_t n = 0; n < 4; ++n) {
        CHECK(commit[n].value == std::string(2000, static_cast<char>('a' + n)));
        CHECK(commit[n].key == "alice");
        CHECK(commit[n].type == "bank.DepositMade.v1");
        CHECK(commit[n].command_id == "9f1c");
      }
    }
    CHECK(reader.open().empty());
  }
}

TEST_CASE("a void record within a commit is left out of it") {
  auto reader = after_claim();
  CHECK(reader.feed(event("a", 0, 0, 2)).verdict == verdict::continues);
  CHECK(reader.feed(event("again", 0, 0, 2)).verdict == verdict::ignored);
  const auto [verdict, commit] = reader.feed(event("b", 1, 1, 2));
  CHECK(verdict == verdict::completes);
  REQUIRE(commit.size() == 2);
  CHECK(commit[0].value == "a");
  CHECK(commit[1].value == "b");
}

TEST_CASE("a claim drops the open commit for good") {
  auto reader = after_claim();
  CHECK(reader.feed(event("a", 0, 0, 2)).verdict == verdict::continues);
  CHECK(reader.feed(claim()).verdict == verdict::claim);
  CHECK(reader.open().empty());
  const auto [verdict, commit] = reader.feed(event("b", 0, 0, 1));
  CHECK(verdict == verdict::completes);
  REQUIRE(commit.size() == 1);
  CHECK(commit[0].value == "b");
}

TEST_CASE("damage gives no commit") {
  auto reader = after_claim();
  CHECK(reader.feed(event("a", 0, 0, 2)).verdict == verdict::continues);
  const auto [verdict, commit] = reader.feed(event("b", 1, 0, 1));
  CHECK(verdict == verdict::damaged);
  CHECK(commit.empty());
}

TEST_CASE("a reader goes on from a saved state") {
  auto reader = after_claim();
  CHECK(reader.feed(event("a", 0, 0, 1)).verdict == verdict::completes);
  commit_reader resumed(reader.now());
  CHECK(resumed.feed(event("a", 0, 0, 1)).verdict == verdict::ignored);
  CHECK(resumed.feed(event("b", 1, 0, 1)).verdict == verdict::completes);
}
