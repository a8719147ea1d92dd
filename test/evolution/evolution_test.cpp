// What keeps a log of older events readable, and what happens where nothing does.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "schemas/bank/account_events.h"
#include "schemas/codec.h"
#include "test/command/serving_rig.h"
#include "test/projections/fixture.h"
#include "tools/bank_domain.h"
#include "tools/domain_set.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

constexpr std::string_view created = R"({"owner":"ann","currency":"EUR","overdraft_limit":0})";
constexpr std::string_view golden = R"({"amount":12500,"balance":12500,"text":"salary"})";

/// An owner's partition in which another owner left an account with a deposit of that type.
struct older_account : owner_rig {
  explicit older_account(std::string_view deposit) : owner_rig(exclusive()) {
    const epoch_id epoch{put_claim(7), 7};
    put_event(epoch, 0, 1, "ann", "bank.AccountCreated.v1", created);
    put_event(epoch, 1, 2, "ann", deposit, golden);
  }
};

struct stored_v1 {
  static constexpr std::string_view name = "Stored";
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(stored_v1, (), (count))

struct stored_v2 {
  static constexpr std::string_view name = "Stored";
  static constexpr std::uint32_t schema_version = 2;
  using previous = stored_v1;
  static stored_v2 upcast(const stored_v1& before) { return {before.count * 10}; }
  std::int64_t tenths = 0;
};
BOOST_DESCRIBE_STRUCT(stored_v2, (), (tenths))

struct stored {
  static constexpr std::string_view name = "Stored";
  static constexpr std::uint32_t schema_version = 3;
  using previous = stored_v2;
  static stored upcast(const stored_v2& before) { return {std::to_string(before.tenths)}; }
  std::string tenths;
};
BOOST_DESCRIBE_STRUCT(stored, (), (tenths))

/// The same event by somebody who has lost the upcaster from the first version.
struct stored_v2_without {
  static constexpr std::string_view name = "Stored";
  static constexpr std::uint32_t schema_version = 2;
  std::int64_t tenths = 0;
};
BOOST_DESCRIBE_STRUCT(stored_v2_without, (), (tenths))

struct store_it {
  static constexpr std::string_view name = "Store";
};
BOOST_DESCRIBE_STRUCT(store_it, (), ())

struct shelf_state {
  std::string tenths;
};
BOOST_DESCRIBE_STRUCT(shelf_state, (), (tenths))

template <typename Event>
struct shelf {
  using state = shelf_state;
  using event = std::variant<Event>;
  using command = std::variant<store_it>;
  static constexpr std::string_view category = "shelf";
  static state initial() { return {}; }
  static decision<event> decide(const state&, const command&, const command_context&) { return {}; }
  static state evolve(state before, const event& happened) {
    if constexpr (std::same_as<Event, stored>) before.tenths = std::get<0>(happened).tenths;
    return before;
  }
};

constexpr std::array<embedded_schema, 3> schemas{
    {{"store", "Stored", 1, "true"}, {"store", "Stored", 2, "true"}, {"store", "Stored", 3, "true"}}};

template <typename Decider>
result<void> added(std::size_t versions) {
  domain_set all;
  return all.add(domain("store").with_schemas(std::span(schemas).first(versions)).with_category<Decider>());
}

}  // namespace

TEST_CASE("upcasters are chained: an event of the first version is read as the third") {
  const typed_category<shelf<stored>> category("store");
  CHECK(category.event_types() == std::vector<std::string>{"store.Stored.v3", "store.Stored.v2", "store.Stored.v1"});
  json::parser parser;
  const auto newest = category.upcast("store.Stored.v1", *parser.parse(R"({"count":4})"));
  REQUIRE(newest.has_value());
  CHECK(newest->type == "store.Stored.v3");
  CHECK(newest->data == R"({"tenths":"40"})");
  const auto state = category.evolve(*category.initial(), "store.Stored.v2", *parser.parse(R"({"tenths":5})"));
  REQUIRE(state.has_value());
  std::string text;
  category.save(text, **state);
  CHECK(text == R"({"tenths":"5"})");
  CHECK_FALSE(category.upcast("store.Stored.v4", *parser.parse("{}")).has_value());
}

TEST_CASE("a program without the upcaster of an event that has a schema does not start, and names the event type") {
  CHECK(added<shelf<stored>>(3).has_value());
  const auto lost = added<shelf<stored_v2_without>>(2);
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().text ==
        "the event type store.Stored.v1 has a schema, but no upcaster leads from it to store.Stored.v2");
  const auto old = added<shelf<stored_v2>>(3);
  REQUIRE_FALSE(old.has_value());
  CHECK(old.error().text == "the event type store.Stored.v3 has a schema, but the program knows only store.Stored.v2");
}

TEST_CASE("the bank reads its deposits of the first version") {
  using codec = event_codec<bank::account_event>;
  json::parser parser;
  CHECK(codec::read("DepositMade", 0, *parser.parse(golden)) ==
        bank::account_event(bank::deposit_made{12500, 12500, "salary"}));
  CHECK(codec::read("DepositMade", 0, *parser.parse(R"({"amount":1,"balance":2,"text":""})")) ==
        bank::account_event(bank::deposit_made{1, 2, {}}));
}

TEST_CASE("an owner decides on a state that was folded from events of the first version") {
  older_account rig("bank.DepositMade.v0");
  rig.serve();
  rig.withdraw("w1", 12501);
  rig.withdraw("w2", 12500);
  rig.flush();
  rig.ack();
  CHECK(rig.kind("w1") == outcome_kind::refused);
  CHECK(rig.kind("w2") == outcome_kind::applied);
}

TEST_CASE("an owner that meets an event type that nobody knows halts and names it") {
  older_account rig("bank.DepositMade.v9");
  rig.owner().offer();
  rig.ack();  // its claim
  rig.feed();
  CHECK(rig.owner().phase() == owner_phase::halted);
  CHECK(rig.owner().reason().find("bank.DepositMade.v9") != std::string_view::npos);
}

TEST_CASE("views are the same whether a deposit was written in the first version or in the second") {
  bank_world old_world(1);
  bank_world new_world(1);
  for (auto* world : {&old_world, &new_world}) {
    world->writer.claim_all();
    world->writer.event("ann", "bank.AccountCreated.v1", created);
  }
  old_world.writer.event("ann", "bank.DepositMade.v0", golden);
  new_world.writer.event("ann", "bank.DepositMade.v1", R"({"amount":12500,"balance":12500,"reference":"salary"})");
  for (auto* world : {&old_world, &new_world}) world->fold_all();
  for (const auto* view : {"accounts", "owners", "turnover"}) {
    CHECK_FALSE(old_world.rows(view).empty());
    CHECK(old_world.rows(view) == new_world.rows(view));
  }
}

TEST_CASE("the state at a version is folded through the upcasters") {
  domain_set all;
  REQUIRE(all.add(bank::domain()).has_value());
  const auto model = all.read_model();
  const auto fold = model->find("bank")->find_category("account")->make_state();
  REQUIRE(fold->apply({.type = "bank.AccountCreated.v1", .data = created}).has_value());
  REQUIRE(fold->apply({.type = "bank.DepositMade.v0", .data = golden}).has_value());
  CHECK(fold->json().find(R"("balance":12500)") != std::string::npos);
  CHECK_FALSE(fold->apply({.type = "bank.DepositMade.v9", .data = golden}).has_value());
}
