// A command id that comes again: under way, told again, beyond the window.
#include <doctest/doctest.h>

#include "notebook.h"
#include "owner_rig.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;
using enum outcome_kind;

}  // namespace

TEST_CASE("a repeat while the first attempt is under way is told with it, and never applied twice") {
  owner_rig rig(exclusive());
  rig.serve();
  rig.create("c1");
  rig.create("c1");
  rig.flush();
  rig.create("c1");
  CHECK(rig.answers.empty());
  rig.ack();
  REQUIRE(rig.answers.size() == 3);
  CHECK_FALSE(rig.answers[0].again);
  CHECK(rig.answers[1].again);
  CHECK(rig.answers[2].again);
  CHECK(rig.log.size() == 2);
}

TEST_CASE("a domain's recorded refusal is a record in the log, its own proof, and repeated word for word") {
  owner_rig rig({}, notebook_category());
  rig.serve();
  rig.submit("r1", "Write", R"({"text":""})");
  rig.flush();
  REQUIRE(rig.appends.size() == 1);
  REQUIRE(rig.appends[0].records.size() == 1);
  const auto& written = rig.appends[0].records[0];
  CHECK(written.kind == record_kind::refusal);
  CHECK(written.type == refusal_type);
  CHECK(written.key == "ann");
  CHECK(written.version == version_t{0});
  CHECK(written.command_id == "r1");
  CHECK(written.value == R"({"command":"Write","version":0,"code":"empty-text","length":0})");
  CHECK(rig.answers.empty());
  rig.ack();
  CHECK(rig.kind("r1") == refused);
  CHECK(rig.owner().counters().proofs == 0);
  rig.submit("r1", "Write", R"({"text":""})");
  rig.flush();
  rig.ack();
  CHECK(rig.answers[1].again);
  CHECK(rig.answers[1].outcome.kind == refused);
  CHECK(rig.answers[1].offsets == std::vector{offset_t{1}});
  rig.submit("n1", "Write", R"({"text":"a"})");
  rig.flush();
  rig.ack();
  CHECK(rig.find("n1")->outcome.version == version_t{1});  // a refusal takes no version
}

TEST_CASE("the idempotency window ends by count, saved or not") {
  for (const bool saved : {false, true}) {
    CAPTURE(saved);
    owner_options options = exclusive();
    options.window_commands = 3;
    owner_rig rig(options);
    rig.serve();
    rig.create("c1");
    rig.deposit("d1", 1);
    rig.deposit("d2", 1);
    rig.flush();
    rig.ack();
    rig.deposit("d3", 1);  // c1 is the fourth back now
    rig.flush();
    rig.ack();
    if (saved) {
      rig.owner().save();
      rig.finish_saves();
    }
    rig.answers.clear();
    rig.deposit("d1", 1);
    CHECK(rig.answers.at(0).again);
    rig.create("c1");
    CHECK(rig.kind("c1") == refused);  // decided anew
    rig.deposit("d4", 1);
    rig.flush();
    rig.ack();
    rig.deposit("d1", 1);
    rig.flush();
    REQUIRE(rig.appends.size() == 1);  // forgotten: applied again
    rig.owner().save();                // while the new use is under way
    rig.finish_saves();
    rig.deposit("d1", 1);
    rig.flush();
    CHECK(rig.appends.size() == 1);  // a repeat of what is under way
    rig.ack();
    CHECK(rig.answers.back().again);
    rig.owner().save();
    rig.finish_saves();
    rig.answers.clear();
    rig.deposit("d1", 1);
    REQUIRE(rig.answers.size() == 1);
    CHECK(rig.answers[0].again);
    CHECK(rig.answers[0].offsets == std::vector{offset_t{6}});
  }
}

TEST_CASE("a repeat that was recognised is told as one, however much becomes certain with it") {
  owner_options options = exclusive();
  options.window_commands = 1;
  owner_rig rig(options);
  rig.serve();
  rig.create("c1");
  rig.deposit("d1", 1);
  rig.deposit("d1", 1);
  rig.deposit("d2", 1);
  rig.flush();
  rig.ack();
  REQUIRE(rig.answers.size() == 4);
  CHECK(rig.answers[3].again);
  CHECK(rig.answers[3].offsets == std::vector{offset_t{2}});
}

TEST_CASE("the idempotency window ends by log time") {
  owner_options options = exclusive();
  options.window_age = std::chrono::hours(1);
  owner_rig rig(options);
  rig.serve();
  rig.create("c1");
  rig.flush();
  rig.ack();
  rig.time.advance(2h);
  rig.create("c1");
  CHECK(rig.answers.back().again);  // the log's time did not move
  rig.deposit("d1", 1, "bob");
  rig.create("c2", "bob");
  rig.flush();
  rig.ack();
  rig.create("c1");
  CHECK(rig.answers.back().outcome.kind == refused);
}

TEST_CASE("a clock that was set back does not shorten the window, nor does a rebuild") {
  owner_options options = exclusive();
  options.window_age = std::chrono::hours(1);
  owner_rig rig(options);
  rig.serve();
  rig.create("c1");
  rig.flush();
  rig.ack();
  rig.time.wall -= 2h;
  rig.deposit("d1", 1);
  rig.flush();
  rig.ack();
  rig.deposit("d1", 1);
  REQUIRE(rig.answers.back().again);
  CHECK(rig.answers.back().offsets == std::vector{offset_t{2}});
  rig.restart(options);
  rig.serve();
  rig.deposit("d1", 1);
  CHECK(rig.answers.back().again);
  CHECK(rig.answers.size() == 4);
}

}  // namespace foldlog::test
