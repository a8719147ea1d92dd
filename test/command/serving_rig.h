#pragma once

#include <doctest/doctest.h>

#include "owner_rig.h"

namespace foldlog::test {

/// Serving, with `c1` applied.
struct serving_rig : owner_rig {
  explicit serving_rig(owner_options options = {}) : owner_rig(std::move(options)) {
    serve();
    create("c1");
    flush();
    ack();
    REQUIRE(kind("c1") == outcome_kind::applied);
    std::ignore = phases();
  }
  void claim_and_read() {
    REQUIRE(owner().phase() == owner_phase::claiming);
    ack();
    feed();
    REQUIRE(owner().phase() == owner_phase::serving);
  }
};

}  // namespace foldlog::test
