#include "schemas/registry.h"

#include "garden_schemas.h"
#include "test/schemas/parsed.h"

using namespace foldlog;

TEST_CASE("a registry finds a schema by domain, name and version, and the newest by name") {
  schema_registry registry;
  REQUIRE(registry.add("bank", "Deposit", 1, R"({"type":"object"})").has_value());
  REQUIRE(registry.add("bank", "Deposit", 10, R"({"type":"array"})").has_value());
  REQUIRE(registry.add("bank", "Deposit", 9, "true").has_value());
  REQUIRE(registry.add("bank", "DepositMade", 3, "true").has_value());
  REQUIRE(registry.add("zoo", "Deposit", 20, "true").has_value());
  REQUIRE(registry.find("bank", "Deposit", 1) != nullptr);
  CHECK(registry.find("bank", "Deposit", 1)->is_valid(parsed("{}").root));
  CHECK_FALSE(registry.find("bank", "Deposit", 10)->is_valid(parsed("{}").root));
  CHECK(registry.find("bank", "Deposit", 2) == nullptr);
  CHECK(registry.find("shop", "Deposit", 1) == nullptr);
  CHECK(registry.newest("bank", "Deposit")->version == 10);
  CHECK(registry.newest("bank", "Deposit")->text == R"({"type":"array"})");
  CHECK(registry.newest("zoo", "Deposit")->version == 20);
  CHECK(registry.newest("bank", "Depos") == nullptr);
  CHECK(registry.newest("alpha", "Deposit") == nullptr);
  CHECK(registry.newest("bank", "Withdraw") == nullptr);
  CHECK(registry.newest("shop", "Deposit") == nullptr);
  std::string all;
  for (const auto& [key, entry] : registry.entries()) {
    all += entry.domain + "." + entry.name + ".v" + std::to_string(entry.version) + " ";
  }
  CHECK(all == "bank.Deposit.v1 bank.Deposit.v9 bank.Deposit.v10 bank.DepositMade.v3 zoo.Deposit.v20 ");
}

TEST_CASE("a registry refuses what is there already, bad names and bad schemas, by name") {
  schema_registry registry;
  REQUIRE(registry.add("bank", "Deposit", 1, "true").has_value());
  CHECK(registry.add("bank", "Deposit", 1, "true").error() ==
        error{error_kind::conflict, "bank.Deposit.v1: it is there already"});
  CHECK(registry.add("bank", "deposit", 1, "true").error().kind == error_kind::invalid);
  CHECK(registry.add("Bank", "Deposit", 1, "true").error().kind == error_kind::invalid);
  const auto bad = registry.add("bank", "Withdraw", 1, R"({"typo":1})");
  CHECK(
      bad.error() ==
      error{error_kind::invalid,
            "bank.Withdraw.v1: schema: /v1/schemas/bank/Withdraw.v1.json#/typo is no keyword of JSON Schema 2020-12"});
  CHECK(registry.entries().size() == 1);
}

TEST_CASE("schemas of an outside domain are compiled in by CMake, byte for byte") {
  const auto embedded = garden::schemas();
  REQUIRE(embedded.size() == 2);
  CHECK(embedded[0].domain == "garden");
  CHECK(embedded[0].name == "Planted");
  CHECK(embedded[0].version == 1);
  CHECK(embedded[0].text == "{\"title\":\"first\",\"type\":\"object\"}\n");
  CHECK(embedded[1].version == 2);
  CHECK(
      embedded[1].text ==
      "{\n  \"title\": \"semicolons ; brackets ] [[ ]] ]=] \\\"quotes\\\" back\\\\slash ${VARIABLE} @at@ ä 🌱 )\\\" %d "
      "\\\\x41\",\n  \"const\": \"${domain};[a;b]@domain@\"\n}\n");
  schema_registry registry;
  REQUIRE(registry.add(embedded).has_value());
  CHECK(registry.find("garden", "Planted", 2)->is_valid(parsed("\"${domain};[a;b]@domain@\"").root));
  CHECK(registry.add(embedded).error().kind == error_kind::conflict);
}
