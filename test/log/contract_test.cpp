#include "test/log/contract.h"

#include <doctest/doctest.h>

#include "test/log/embedded_fixture.h"

TEST_CASE("the embedded log keeps the contract of event_log") {
  foldlog::test::embedded_fixture fixture;
  foldlog::test::keep_the_log_contract(fixture);
}
