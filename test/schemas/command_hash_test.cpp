#include "schemas/command_hash.h"

#include "test/schemas/parsed.h"

using namespace foldlog;

namespace {

std::uint64_t hash(std::string_view command, std::string_view data, std::optional<std::uint64_t> expected = {}) {
  command_hash_scratch scratch;
  return command_hash(command, parsed(data).root, expected, scratch);
}

}  // namespace

// The numbers are from `printf '["Deposit",{"amount":5},null]' | sha256sum | head -c 16`.
TEST_CASE("the command hash is the beginning of the SHA-256 of the canonical command") {
  CHECK(hash("Deposit", R"({"amount":5})") == 0x152751fd78167882);
  CHECK(hash("Deposit", R"({"reference":"\u00e4", "amount":5.0})", 4) == 0x6c92e2e77702a8bc);
  CHECK(hash("CloseAccount", "{ }", 0) == 0xa26d4850c2554ff5);
}

TEST_CASE("another spelling of a command has its hash, another command, data or condition has not") {
  const auto base = hash("Deposit", R"({"amount":5,"reference":"x"})", 3);
  CHECK(hash("Deposit", R"( { "reference" : "\u0078", "amount" : 5e0 } )", 3) == base);
  CHECK(hash("Withdraw", R"({"amount":5,"reference":"x"})", 3) != base);
  CHECK(hash("Deposit", R"({"amount":6,"reference":"x"})", 3) != base);
  CHECK(hash("Deposit", R"({"amount":5})", 3) != base);
  CHECK(hash("Deposit", R"({"amount":5,"reference":"x"})", 4) != base);
  CHECK(hash("Deposit", R"({"amount":5,"reference":"x"})") != base);
  CHECK(hash("Deposit", R"({"amount":5,"reference":"x"})", 0) != hash("Deposit", R"({"amount":5,"reference":"x"})"));
  CHECK(hash("Deposit", R"({"amount":9007199254740992})") != hash("Deposit", R"({"amount":9007199254740993})"));
}

TEST_CASE("the buffers serve one hash after another") {
  command_hash_scratch scratch;
  const parsed data(R"({"amount":5})");
  const auto first = command_hash("Deposit", data.root, {}, scratch);
  CHECK(command_hash("Withdraw", data.root, 18446744073709551615ULL, scratch) != first);
  CHECK(command_hash("Deposit", data.root, {}, scratch) == first);
}
