#include "core/log/arbiter.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace foldlog;

namespace {

record claim_at(std::int64_t offset, std::uint32_t nonce) {
  record made;
  made.kind = record_kind::claim;
  made.offset = offset_t{offset};
  made.epoch = {offset_t{offset}, nonce};
  return made;
}

record event_of(epoch_id epoch, std::uint64_t sequence, std::uint32_t index = 0, std::uint32_t count = 1) {
  record made;
  made.kind = record_kind::event;
  made.epoch = epoch;
  made.epoch_sequence = sequence;
  made.commit_index = index;
  made.commit_count = count;
  return made;
}

/// The seven lines of API.md section 3, word for word: epochs are texts, nothing is known of damage.
struct seven_lines {
  std::string epoch = "none";
  std::uint64_t next = 0;
  std::vector<std::size_t> open;
  std::vector<std::vector<std::size_t>> delivered;

  void read(const record& seen, std::size_t number) {
    if (seen.kind == record_kind::claim) {
      epoch = fmt::format("{}-{:08x}", raw(seen.offset), seen.epoch.nonce);
      next = 0;
      open.clear();
    } else if (seen.kind != record_kind::foreign && seen.epoch.text() == epoch && seen.epoch_sequence == next) {
      next += 1;
      open.push_back(number);
      if (seen.commit_index == seen.commit_count - 1) {
        delivered.push_back(open);
        open.clear();
      }
    }
  }
};

/// The same commits, gathered by the verdicts.
struct by_verdict {
  arbiter judge;
  std::vector<std::size_t> open;
  std::vector<std::vector<std::size_t>> delivered;
  bool halted = false;

  verdict read(const record& seen, std::size_t number) {
    const auto given = judge.judge(seen);
    if (given == verdict::claim) open.clear();
    if (given == verdict::continues || given == verdict::completes) open.push_back(number);
    if (given == verdict::completes) {
      delivered.push_back(open);
      open.clear();
    }
    halted = given == verdict::damaged;
    return given;
  }
};

/// Does the record continue the commit that the seven lines gather? Told from their list alone, and from all records.
bool continues(const seven_lines& reader, const record& seen, const std::vector<record>& all) {
  if (seen.commit_index != reader.open.size() || seen.commit_index >= seen.commit_count) return false;
  return reader.open.empty() || all[reader.open.front()].commit_count == seen.commit_count;
}

/// What may stand at an offset: claims with two nonces, events of the epochs (0, 1) (0, 2) (1, 1) and of none.
std::vector<record> many_epochs(std::int64_t offset) {
  std::vector<record> letters{claim_at(offset, 1), claim_at(offset, 2)};
  for (const epoch_id epoch : {epoch_id{offset_t{0}, 1}, epoch_id{offset_t{0}, 2}, epoch_id{offset_t{1}, 1}}) {
    for (std::uint64_t sequence = 0; sequence < 3; ++sequence) {
      letters.push_back(event_of(epoch, sequence, 0, 1));
      letters.push_back(event_of(epoch, sequence, 0, 2));
      letters.push_back(event_of(epoch, sequence, 1, 2));
    }
  }
  letters.push_back(event_of({}, 0));
  letters.push_back(event_of({offset_t{0}, 1}, 0));
  letters.back().kind = record_kind::foreign;
  for (auto& letter : letters) letter.offset = offset_t{offset};
  return letters;
}

/// Longer histories of one owner: after the claim at offset 0 its events, another claim, an event of nobody's.
std::vector<record> one_owner(std::int64_t offset) {
  if (offset == 0) return {claim_at(0, 1)};
  std::vector<record> letters{claim_at(offset, 1), event_of({offset_t{0}, 2}, 0)};
  for (std::uint64_t sequence = 0; sequence < 4; ++sequence) {
    letters.push_back(event_of({offset_t{0}, 1}, sequence, 0, 1));
    letters.push_back(event_of({offset_t{0}, 1}, sequence, 0, 2));
    letters.push_back(event_of({offset_t{0}, 1}, sequence, 1, 2));
  }
  return letters;
}

std::size_t compared = 0;
std::size_t damaged = 0;
std::size_t commits = 0;
std::size_t differences = 0;

using letters_at = std::vector<record> (*)(std::int64_t offset);

void compare_all(letters_at alphabet, const seven_lines& expected, const by_verdict& actual, std::vector<record>& path,
                 std::size_t depth) {
  if (path.size() == depth) return;
  for (const auto& letter : alphabet(static_cast<std::int64_t>(path.size()))) {
    auto reference = expected;
    auto subject = actual;
    const std::size_t number = path.size();
    path.push_back(letter);
    const auto before = reference.next;
    const bool fits = continues(reference, letter, path);
    reference.read(letter, number);
    const bool counted = letter.kind != record_kind::claim && reference.next != before;
    const auto given = subject.read(letter, number);
    ++compared;
    if (counted && !fits) {
      ++damaged;
      if (given != verdict::damaged) ++differences;
    } else {
      const auto wanted = letter.kind == record_kind::claim ? verdict::claim
                          : !counted                        ? verdict::ignored
                          : reference.open.empty()          ? verdict::completes
                                                            : verdict::continues;
      if (given != wanted || subject.delivered != reference.delivered || subject.open != reference.open) ++differences;
      if (wanted == verdict::completes) ++commits;
      compare_all(alphabet, reference, subject, path, depth);
    }
    path.pop_back();
  }
}

constexpr epoch_id first{offset_t{0}, 0xa};

/// An arbiter that has met the claim `first`.
arbiter claimed() {
  arbiter fresh;
  CHECK(fresh.judge(claim_at(0, 0xa)) == verdict::claim);
  return fresh;
}

}  // namespace

TEST_CASE("over all sequences of four records the arbiter says what the seven lines of API.md say") {
  std::vector<record> path;
  compare_all(many_epochs, {}, {}, path, 4);
  CHECK(differences == 0);
  CHECK(compared > 500'000);  // the enumeration really took place,
  CHECK(commits > 1000);      // and met what it is about
  CHECK(damaged > 1000);
}

TEST_CASE("over all sequences of five records after a claim it says so too") {
  compared = commits = damaged = differences = 0;
  std::vector<record> path;
  compare_all(one_owner, {}, {}, path, 6);
  CHECK(differences == 0);
  CHECK(compared > 200'000);
  CHECK(commits > 1000);
  CHECK(damaged > 1000);
}

TEST_CASE("before any claim nothing counts") {
  arbiter fresh;
  CHECK(fresh.judge(event_of({}, 0)) == verdict::ignored);
  CHECK(fresh.judge(event_of(first, 0)) == verdict::ignored);
  CHECK(fresh.now() == arbiter::state{});
}

TEST_CASE("a claim makes its offset and its nonce the epoch") {
  arbiter fresh;
  record claim = claim_at(7, 0xb);
  claim.epoch.offset = no_offset;  // as a writer makes it: it does not know its place
  CHECK(fresh.judge(claim) == verdict::claim);
  CHECK(fresh.now().epoch == epoch_id{offset_t{7}, 0xb});
  CHECK(fresh.now().next_sequence == 0);
}

TEST_CASE("only the next sequence of the present epoch counts") {
  auto arbiter = claimed();
  CHECK(arbiter.judge(event_of(first, 1)) == verdict::ignored);
  CHECK(arbiter.judge(event_of(first, 0)) == verdict::completes);
  CHECK(arbiter.judge(event_of(first, 0)) == verdict::ignored);
  CHECK(arbiter.judge(event_of({offset_t{0}, 0xb}, 1)) == verdict::ignored);
  CHECK(arbiter.judge(event_of({offset_t{1}, 0xa}, 1)) == verdict::ignored);
  CHECK(arbiter.judge(event_of({}, 1)) == verdict::ignored);
  CHECK(arbiter.judge(event_of(first, 1)) == verdict::completes);
}

TEST_CASE("after a lost record everything later of that epoch is void") {
  auto arbiter = claimed();
  for (std::uint64_t sequence = 1; sequence < 9; ++sequence)
    CHECK(arbiter.judge(event_of(first, sequence)) == verdict::ignored);
}

TEST_CASE("a commit is accepted with its last record, whole") {
  auto arbiter = claimed();
  CHECK(arbiter.judge(event_of(first, 0, 0, 3)) == verdict::continues);
  CHECK(arbiter.judge(event_of(first, 0, 0, 3)) == verdict::ignored);  // doubled by the network
  CHECK(arbiter.judge(event_of(first, 1, 1, 3)) == verdict::continues);
  CHECK(arbiter.now().open_records == 2);
  CHECK(arbiter.judge(event_of(first, 2, 2, 3)) == verdict::completes);
  CHECK(arbiter.now().open_count == 0);
  CHECK(arbiter.now().open_records == 0);
}

TEST_CASE("a claim voids the commit that was open") {
  auto arbiter = claimed();
  CHECK(arbiter.judge(event_of(first, 0, 0, 2)) == verdict::continues);
  CHECK(arbiter.judge(claim_at(2, 0xc)) == verdict::claim);
  CHECK(arbiter.now().open_count == 0);
  CHECK(arbiter.judge(event_of(first, 1, 1, 2)) == verdict::ignored);
  CHECK(arbiter.judge(event_of({offset_t{2}, 0xc}, 0)) == verdict::completes);
}

TEST_CASE("a record in sequence that does not continue its commit is damage, and stays damage") {
  const auto damages = [](const std::vector<record>& before, const record& seen) {
    auto arbiter = claimed();
    for (const auto& each : before) (void)arbiter.judge(each);
    const auto state = arbiter.now();
    CHECK(arbiter.judge(seen) == verdict::damaged);
    CHECK(arbiter.judge(seen) == verdict::damaged);
    CHECK(arbiter.now() == state);
  };
  const auto half = event_of(first, 0, 0, 2);
  damages({}, event_of(first, 0, 1, 2));      // begins in the middle
  damages({half}, event_of(first, 1, 0, 1));  // another begins within
  damages({half}, event_of(first, 1, 0, 2));
  damages({half}, event_of(first, 1, 1, 3));  // another count
  damages({}, event_of(first, 0, 0, 0));      // a commit of none
  damages({}, event_of(first, 0, 2, 2));
  damages({}, event_of(first, 0, 4294967295, 4294967295));
  auto proof = event_of(first, 1);
  proof.kind = record_kind::proof;
  damages({half}, proof);
}

TEST_CASE("proofs and refusals take their place in the sequence") {
  auto arbiter = claimed();
  for (std::uint64_t sequence = 0; const auto kind : {record_kind::proof, record_kind::refusal, record_kind::event}) {
    auto next = event_of(first, sequence++);
    next.kind = kind;
    CHECK(arbiter.judge(next) == verdict::completes);
  }
}

TEST_CASE("a foreign record never counts, whatever it carries") {
  auto arbiter = claimed();
  auto foreign = event_of(first, 0);
  foreign.kind = record_kind::foreign;
  CHECK(arbiter.judge(foreign) == verdict::ignored);
  CHECK(arbiter.judge(event_of(first, 0)) == verdict::completes);
}

TEST_CASE("an arbiter goes on from a saved state as if it had never stopped") {
  auto whole = claimed();
  (void)whole.judge(event_of(first, 0, 0, 2));
  arbiter resumed(whole.now());
  for (const auto& next : {event_of(first, 1, 1, 2), event_of(first, 2), claim_at(4, 1)}) {
    CHECK(resumed.judge(next) == whole.judge(next));
    CHECK(resumed.now() == whole.now());
  }
}
