#include "test/log/contract.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>

#include "test/log/embedded_fixture.h"

namespace {

/// Leaves an append in doubt by a limit on the size of files, which is lifted as soon as the write has failed.
class doubtful_fixture final : public foldlog::test::embedded_fixture {
 public:
  doubtful_fixture() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    options.probe.failed = [this](const std::string&) { ::setrlimit(RLIMIT_FSIZE, &before_); };
  }
  ~doubtful_fixture() override { std::signal(SIGXFSZ, action_); }
  doubtful_fixture(const doubtful_fixture&) = delete;
  doubtful_fixture& operator=(const doubtful_fixture&) = delete;

  bool doubt_next_append(foldlog::event_log& /*log*/) override {
    const rlimit limited{1, before_.rlim_max};
    return ::setrlimit(RLIMIT_FSIZE, &limited) == 0;
  }

 private:
  rlimit before_{};
  void (*action_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

}  // namespace

TEST_CASE("the embedded log keeps the contract of event_log") {
  doubtful_fixture fixture;
  foldlog::test::keep_the_log_contract(fixture);
}
