#include <algorithm>
#include <string>
#include <vector>

#include "schemas/bank/account_commands.h"
#include "schemas/bank/account_events.h"
#include "schemas/bank/account_rows.h"
#include "schemas/bank/schemas.h"
#include "schemas/codec.h"
#include "schemas/registry.h"
#include "test/schemas/parsed.h"

using namespace foldlog;

namespace {

const schema_registry& registry() {
  static const auto filled = [] {
    schema_registry made;
    const auto added = made.add(bank::schemas());
    REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text));
    return made;
  }();
  return filled;
}

template <typename... Ts>
constexpr auto names_of(const std::variant<Ts...>*) {
  return std::vector<std::string>{std::string(Ts::name)...};
}

/// The type in a schema of what a C++ member holds.
template <typename T>
std::string_view type_of() {
  if constexpr (json::codec_detail::is_optional<T>::value)
    return type_of<typename T::value_type>();
  else if constexpr (std::same_as<T, bool>)
    return "boolean";
  else if constexpr (std::integral<T>)
    return "integer";
  else if constexpr (std::same_as<T, double>)
    return "number";
  else if constexpr (json::codec_detail::is_vector<T>::value)
    return "array";
  else
    return "string";
}

template <typename T>
void check_member(json::element rules) {
  if constexpr (std::is_enum_v<T>) {
    std::vector<std::string> names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto entry) { names.emplace_back(entry.name); });
    std::vector<std::string> allowed;
    for (const auto name : rules.find("enum")->items()) allowed.emplace_back(name.as_string());
    CHECK(names == allowed);
  } else {
    CHECK(rules.find("type")->as_string() == type_of<T>());
  }
}

/// The schema's members are the struct's, in name, type and order; required are those that are no optional. A member
/// that may be absent for its initial value is named.
template <typename T>
void check_agreement(std::string_view absent_allowed = "") {
  CAPTURE(T::name);
  const auto* const entry = registry().find_entry("bank", T::name, schema_version_of<T>());
  REQUIRE(entry != nullptr);
  if constexpr (upcasts<T>) check_agreement<typename T::previous>();
  const parsed schema(entry->text);
  std::vector<std::string> expected;
  std::vector<std::string> expected_required;
  const T sample{};
  boost::mp11::mp_for_each<json::codec_detail::members_of<T>>([&](auto descriptor) {
    expected.emplace_back(descriptor.name);
    using member = std::remove_cvref_t<decltype(sample.*descriptor.pointer)>;
    const auto rules = schema.root.find("properties")->find(descriptor.name);
    REQUIRE(rules.has_value());
    check_member<member>(*rules);
    if (!json::codec_detail::is_optional<member>::value && descriptor.name != absent_allowed) {
      expected_required.emplace_back(descriptor.name);
    }
  });
  std::vector<std::string> names;
  for (const auto [name, rules] : schema.root.find("properties")->members()) names.emplace_back(name);
  std::vector<std::string> required;
  for (const auto name : schema.root.find("required")->items()) required.emplace_back(name.as_string());
  CHECK(names == expected);
  CHECK(required == expected_required);
  CHECK(schema.root.find("additionalProperties")->kind() == json::kind::boolean);
  CHECK_FALSE(schema.root.find("additionalProperties")->as_bool());
  CHECK(schema.root.find("title")->as_string() == T::name);
}

template <typename... Ts>
void check_all(const std::variant<Ts...>*) {
  (check_agreement<Ts>(std::same_as<Ts, bank::create_account> ? "overdraft_limit" : ""), ...);
}

/// `pointer keyword` of each violation, joined by ", ".
std::string violations(std::string_view name, std::string_view instance) {
  const auto* const found = registry().find("bank", name, 1);
  REQUIRE(found != nullptr);
  const parsed document(instance);
  std::string out;
  for (const auto& one : found->validate(document.root)) {
    out += (out.empty() ? "" : ", ") + one.pointer + " " + one.keyword;
  }
  return out;
}

template <typename T>
std::string written(const T& value) {
  std::string out;
  json::write(out, value);
  return out;
}

}  // namespace

TEST_CASE("the bank's schemas and structs have the same members, all required but the optional ones") {
  check_all(static_cast<const bank::account_command*>(nullptr));
  check_all(static_cast<const bank::account_event*>(nullptr));
  check_agreement<bank::account_row>();
  check_agreement<bank::owner_row>();
  check_agreement<bank::turnover_row>();
}

TEST_CASE("there is no schema of the bank without its struct") {
  auto expected = names_of(static_cast<const bank::account_command*>(nullptr));
  for (auto& name : names_of(static_cast<const bank::account_event*>(nullptr))) expected.push_back(name);
  for (const auto row : {bank::account_row::name, bank::owner_row::name, bank::turnover_row::name})
    expected.emplace_back(row);
  std::ranges::sort(expected);
  std::vector<std::string> found;
  for (const auto& [key, entry] : registry().entries()) {
    if (entry.version == 1) found.push_back(entry.name);
  }
  CHECK(found == expected);
  CHECK(registry().entries().size() == found.size() + 1);
  CHECK(registry().find("bank", "DepositMade", 0) != nullptr);
}

TEST_CASE("the bank's commands keep to API.md section 5") {
  struct row {
    std::string_view name;
    std::string instance;
    std::string_view expected;
  };
  const auto create = [](const std::string& owner, const std::string& more) {
    return "{\"owner\":\"" + owner + "\",\"currency\":\"EUR\"" + more + "}";
  };
  const std::string ae = "ä";
  std::string owner_200;
  for (int i = 0; i < 200; ++i) owner_200 += ae;
  const std::vector<row> rows{
      {"Deposit", R"({"amount":1})", ""},
      {"Deposit", R"({"amount":5.0,"reference":""})", ""},
      {"Deposit", R"({"amount":1000000000000})", ""},
      {"Deposit", R"({"amount":1000000000001})", "/amount maximum"},
      {"Deposit", R"({"amount":0})", "/amount minimum"},
      {"Deposit", R"({"amount":5.5})", "/amount type"},
      {"Deposit", R"({"amount":1e400})", "/amount maximum"},
      {"Deposit", R"({"amount":"5"})", "/amount type"},
      {"Deposit", R"({"amount":5,"reference":null})", "/reference type"},
      {"Deposit", "{\"amount\":5,\"reference\":\"" + std::string(140, 'r') + "\"}", ""},
      {"Deposit", "{\"amount\":5,\"reference\":\"" + std::string(141, 'r') + "\"}", "/reference maxLength"},
      {"Deposit", R"({"tip":1})", "/tip additionalProperties,  required"},
      {"Deposit", "[]", " type"},
      {"Withdraw", R"({"amount":0,"reference":5})", "/amount minimum, /reference type"},
      {"CreateAccount", create("A", ""), ""},
      {"CreateAccount", create("A", ",\"overdraft_limit\":0"), ""},
      {"CreateAccount", create("A", ",\"overdraft_limit\":1000000000000"), ""},
      {"CreateAccount", create("A", ",\"overdraft_limit\":1000000000001"), "/overdraft_limit maximum"},
      {"CreateAccount", create("A", ",\"overdraft_limit\":-1"), "/overdraft_limit minimum"},
      {"CreateAccount", create("", ""), "/owner minLength"},
      {"CreateAccount", create(owner_200, ""), ""},
      {"CreateAccount", create(owner_200 + ae, ""), "/owner maxLength"},
      {"CreateAccount", R"({"owner":"A","currency":"eur"})", "/currency pattern"},
      {"CreateAccount", R"({"owner":"A","currency":"EURO"})", "/currency pattern"},
      {"CreateAccount", R"({"owner":"A","currency":"EUR\n"})", "/currency pattern"},
      {"CreateAccount", "{}", " required,  required"},
      {"CloseAccount", "{}", ""},
      {"CloseAccount", R"({"a/b":1})", "/a~1b additionalProperties"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.instance);
    CHECK(violations(row.name, row.instance) == row.expected);
  }
}

TEST_CASE("the bank's events and rows, as they are written, keep to their schemas") {
  CHECK(violations("AccountCreated", written(bank::account_created{"Alice", "EUR", 0})) == "");
  CHECK(violations("DepositMade", written(bank::deposit_made{1, -999'999'999'999, {}})) == "");
  CHECK(violations("DepositMade", written(bank::deposit_made{1, 1'000'000'000'000'000, "x"})) == "");
  CHECK(violations("DepositMade", written(bank::deposit_made{1, 1'000'000'000'000'001, {}})) == "/balance maximum");
  CHECK(violations("WithdrawalMade", written(bank::withdrawal_made{1, -1'000'000'000'000, {}})) == "");
  CHECK(violations("WithdrawalMade", written(bank::withdrawal_made{1, -1'000'000'000'001, {}})) == "/balance minimum");
  CHECK(violations("OverdraftStarted", written(bank::overdraft_started{-1})) == "");
  CHECK(violations("OverdraftStarted", written(bank::overdraft_started{0})) == "/balance maximum");
  CHECK(violations("OverdraftEnded", written(bank::overdraft_ended{})) == "");
  CHECK(violations("AccountClosed", written(bank::account_closed{})) == "");
  const bank::account_row row{.id = "alice",
                              .owner = "Alice",
                              .currency = "EUR",
                              .balance = -5,
                              .overdraft_limit = 10,
                              .status = bank::account_status::closed,
                              .version = 3,
                              .created_at = "2026-11-21T09:30:00.123456Z",
                              .changed_at = "2026-11-21T09:31:00.000000Z"};
  CHECK(
      written(row) ==
      R"({"id":"alice","owner":"Alice","currency":"EUR","balance":-5,"overdraft_limit":10,"status":"closed","version":3,)"
      R"("created_at":"2026-11-21T09:30:00.123456Z","changed_at":"2026-11-21T09:31:00.000000Z"})");
  CHECK(violations("AccountsRow", written(row)) == "");
  CHECK(written(bank::owner_row{"Alice", 2, 1, 5, 6}) ==
        R"({"owner":"Alice","accounts":2,"closed":1,"deposits":5,"withdrawals":6})");
  CHECK(violations("OwnersRow", written(bank::owner_row{"Alice", 2, 1, 5, 6})) == "");
  CHECK(written(bank::turnover_row{"EUR", "2026-11-21", 1, 2, 3, 4}) ==
        R"({"currency":"EUR","day":"2026-11-21","deposits":1,"deposited":2,"withdrawals":3,"withdrawn":4})");
  CHECK(violations("TurnoverRow", written(bank::turnover_row{"EUR", "2026-11-21", 1, 2, 3, 4})) == "");
}
