#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "core/log/embedded_log.h"
#include "test/projections/fixture.h"

using namespace foldlog;
using namespace foldlog::bank;
using namespace foldlog::test;

namespace {

// A node on a disk: the embedded log and the views, as `serve` has them.
struct node {
  explicit node(const std::filesystem::path& folder, bool write_ahead_log) {
    log_options options;
    options.data = folder;
    options.topics = {"bank.account"};
    options.partitions = 2;
    log = std::move(open_embedded_log(options, pool.get_executor()).value());
    store_options views;
    views.folder = folder / "views";
    views.write_ahead_log = write_ahead_log;
    rows = std::move(open_store(views).value());
  }
  ~node() { log->close(); }
  void fold() {
    runner running(*log, *rows, projections(), folded, clock);
    fold_to_end(running);
  }

  boost::asio::thread_pool pool{1};
  std::unique_ptr<event_log> log;
  std::unique_ptr<store> rows;
  progress folded;
  system_clock clock;
};

constexpr int deposits = 5;

// What a process of its own does before it dies without a word: see below.
void deposit_fold_and_die(const std::filesystem::path& folder, int round) {
  node here(folder, round % 3 != 2);
  bank_writer writer(*here.log);
  writer.set_nonce(static_cast<std::uint32_t>(round + 1));
  writer.claim_all();
  writer.set_version("alice", round == 0 ? 0 : static_cast<std::uint64_t>(1 + round * deposits));
  if (round == 0) writer.commit("alice", {account_created{"eve", "EUR", 0}});
  for (int i = 0; i < deposits; ++i) {
    writer.commit("alice", {deposit_made{1, 1, {}}});
    if (i == round % deposits) here.fold();
  }
  _exit(7);
}

}  // namespace

TEST_CASE("(run by the test below)" * doctest::skip()) {
  const char* folder = getenv("FOLDLOG_TEST_FOLDER");
  const char* round = getenv("FOLDLOG_TEST_ROUND");
  REQUIRE(folder != nullptr);
  REQUIRE(round != nullptr);
  deposit_fold_and_die(folder, std::stoi(round));
}

TEST_CASE("on disk: a process that dies between two batches loses no event and doubles none") {
  const scratch_folder folder;
  const auto data = folder / "data";
  std::filesystem::create_directories(data);
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  constexpr int rounds = 6;
  for (int round = 0; round < rounds; ++round) {
    const auto command = "FOLDLOG_TEST_FOLDER=" + data.string() + " FOLDLOG_TEST_ROUND=" + std::to_string(round) + " " +
                         self + " --no-skip --test-case='(run by the test below)'";
    const int status = std::system(command.c_str());
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 7);
  }
  node here(data, true);
  here.fold();
  CHECK(rows_of(*here.rows, "bank", "owners") ==
        told_rows{{"eve", R"({"owner":"eve","accounts":1,"closed":0,"deposits":)" + std::to_string(rounds * deposits) +
                              R"(,"withdrawals":0})"}});
  for (const auto& entry : here.folded.entries()) CHECK_MESSAGE(entry.state == fold_state::running, entry.reason);
}
