#include <doctest/doctest.h>

#include "test/command/owner_rig.h"

namespace foldlog::test {

TEST_CASE("an event that breaks its own schema is never appended, and the next command goes on") {
  owner_options options;
  options.check_event = [](std::string_view type, json::element data) -> result<void> {
    const auto amount = data.find("amount");
    if (type != "bank.DepositMade.v1" || !amount || amount->as_int64() != 7) return {};
    return fail(error_kind::internal, "breaks its schema");
  };
  owner_rig rig(options);
  rig.serve();
  rig.create("c1");
  rig.deposit("bad", 7);
  rig.deposit("good", 8);
  rig.flush();
  rig.ack();
  REQUIRE(rig.find("bad") != nullptr);
  CHECK(rig.find("bad")->outcome.kind == outcome_kind::internal);
  CHECK(rig.find("good")->outcome.kind == outcome_kind::applied);
  CHECK(rig.find("good")->outcome.version == version_t{2});
  CHECK(rig.find("good")->outcome.events[0].data == R"({"amount":8,"balance":8})");
}

}  // namespace foldlog::test
