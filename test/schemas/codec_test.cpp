#include "schemas/codec.h"

#include "schemas/bank/account_commands.h"
#include "schemas/bank/account_events.h"
#include "schemas/bank/account_rows.h"
#include "test/schemas/parsed.h"

using namespace foldlog;

namespace {

enum class colour { red, dark_blue };
BOOST_DESCRIBE_ENUM(colour, red, dark_blue)

struct petal {
  std::int64_t length = 0;
  std::optional<double> weight = {};
  bool operator==(const petal&) const = default;
};
BOOST_DESCRIBE_STRUCT(petal, (), (length, weight))

struct flower {
  std::string name = "rose";
  bool wild = false;
  std::uint32_t count = 3;
  std::uint64_t atoms = 0;
  double height = 0.5;
  colour shade = colour::red;
  std::optional<std::string> note = {};
  std::vector<petal> petals = {};
  std::vector<std::string> tags = {};
  petal middle = {};
  bool operator==(const flower&) const = default;
};
BOOST_DESCRIBE_STRUCT(flower, (), (name, wild, count, atoms, height, shade, note, petals, tags, middle))

struct planted {
  static constexpr std::string_view name = "Planted";
  std::string what;
  bool operator==(const planted&) const = default;
};
BOOST_DESCRIBE_STRUCT(planted, (), (what))

struct planted_v2 {
  static constexpr std::string_view name = "Planted";
  static constexpr std::uint32_t schema_version = 2;
  std::string what;
  std::int64_t depth = 0;
  bool operator==(const planted_v2&) const = default;
};
BOOST_DESCRIBE_STRUCT(planted_v2, (), (what, depth))

template <typename T>
std::string written(const T& value) {
  std::string out;
  json::write(out, value);
  return out;
}

template <typename T>
std::string refusal(std::string_view text) {
  const parsed document(text);
  const auto outcome = json::read<T>(document.root);
  return outcome ? "accepted" : outcome.error().text;
}

}  // namespace

TEST_CASE("a struct is written in the order of its members, without its empty optionals") {
  CHECK(
      written(flower{}) ==
      R"({"name":"rose","wild":false,"count":3,"atoms":0,"height":0.5,"shade":"red","petals":[],"tags":[],"middle":{"length":0}})");
  const flower full{.name = "a\"b",
                    .wild = true,
                    .count = 4294967295,
                    .atoms = 18446744073709551615ULL,
                    .height = 1e21,
                    .shade = colour::dark_blue,
                    .note = "",
                    .petals = {{-5, 2.0}, {6, {}}},
                    .tags = {"x", "y"},
                    .middle = {1, 0.25}};
  const auto text = written(full);
  CHECK(
      text ==
      R"({"name":"a\"b","wild":true,"count":4294967295,"atoms":18446744073709551615,"height":1e+21,"shade":"dark_blue",)"
      R"("note":"","petals":[{"length":-5,"weight":2},{"length":6}],"tags":["x","y"],"middle":{"length":1,"weight":0.25}})");
  CHECK(json::read<flower>(parsed(text).root) == full);
  CHECK(written(bank::close_account{}) == "{}");
}

TEST_CASE("a struct is read in any order; what is absent keeps its initial value, what is unknown is passed over") {
  const parsed document(R"({"tags":["t"],"unknown":{"name":5},"name":"tulip","height":2})");
  const flower expected{.name = "tulip", .height = 2, .tags = {"t"}};
  CHECK(json::read<flower>(document.root) == expected);
  CHECK(json::read<flower>(parsed("{}").root) == flower{});
}

TEST_CASE("integers may be written as reals, and must fit their member") {
  CHECK(json::read<petal>(parsed(R"({"length":5.0})").root) == petal{.length = 5});
  CHECK(refusal<petal>(R"({"length":5.5})") == "/length is no integer of 64 bits");
  CHECK(refusal<petal>(R"({"length":9223372036854775808})") == "/length is no integer of 64 bits");
  CHECK(refusal<flower>(R"({"count":4294967295})") == "accepted");
  CHECK(refusal<flower>(R"({"count":4294967296})") == "/count is no integer of unsigned 32 bits");
  CHECK(refusal<flower>(R"({"count":-1})") == "/count is no integer of unsigned 32 bits");
  CHECK(refusal<flower>(R"({"atoms":18446744073709551615})") == "accepted");
  CHECK(refusal<flower>(R"({"atoms":-1})") == "/atoms is no integer of unsigned 64 bits");
}

TEST_CASE("a value that does not fit is refused with its pointer") {
  CHECK(refusal<flower>("[]") == "the value is no object");
  CHECK(refusal<flower>(R"({"name":5})") == "/name is no string");
  CHECK(refusal<flower>(R"({"wild":0})") == "/wild is no boolean");
  CHECK(refusal<flower>(R"({"height":"1"})") == "/height is no number within a double's range");
  CHECK(refusal<flower>(R"({"height":1e400})") == "/height is no number within a double's range");
  CHECK(refusal<flower>(R"({"shade":"green"})") == "/shade is none of the names allowed");
  CHECK(refusal<flower>(R"({"shade":0})") == "/shade is none of the names allowed");
  CHECK(refusal<flower>(R"({"note":null})") == "/note is no string");
  CHECK(refusal<flower>(R"({"petals":{}})") == "/petals is no array");
  CHECK(refusal<flower>(R"({"petals":[{},{"weight":[]}]})") == "/petals/1/weight is no number within a double's range");
  CHECK(refusal<flower>(R"({"middle":{"length":true}})") == "/middle/length is no integer of 64 bits");
  CHECK(json::read<petal>(parsed("5").root).error().kind == error_kind::invalid);
}

TEST_CASE("an event is read by its name and version and written without them") {
  using codec = event_codec<std::variant<planted, planted_v2>>;
  const parsed document(R"({"what":"oak","depth":7})");
  CHECK(codec::read("Planted", 1, document.root) == std::variant<planted, planted_v2>(planted{"oak"}));
  const auto second = codec::read("Planted", 2, document.root);
  REQUIRE(second.has_value());
  CHECK(*second == std::variant<planted, planted_v2>(planted_v2{"oak", 7}));
  CHECK(codec::name_of(*second) == "Planted");
  CHECK(codec::version_of(*second) == 2);
  std::string out;
  codec::write(out, *second);
  CHECK(out == R"({"what":"oak","depth":7})");
  CHECK(codec::read("Planted", 3, document.root).error() == error{error_kind::not_found, "Planted.v3 is not known"});
  CHECK(codec::read("Felled", document.root).error().kind == error_kind::not_found);
  CHECK(codec::read("Planted", 2, parsed(R"({"depth":""})").root).error() ==
        error{error_kind::invalid, "/depth is no integer of 64 bits"});
  CHECK(codec::knows("Planted"));
  CHECK_FALSE(codec::knows("planted"));
}

TEST_CASE("every event and command of the bank is found under its name and survives a round trip") {
  const std::vector<bank::account_event> events{bank::account_created{"Alice", "EUR", 100},
                                                bank::deposit_made{5, -3, "rent"},
                                                bank::deposit_made{5, 10, {}},
                                                bank::overdraft_ended{},
                                                bank::withdrawal_made{7, -7, ""},
                                                bank::overdraft_started{-7},
                                                bank::account_closed{}};
  for (const auto& event : events) {
    using codec = event_codec<bank::account_event>;
    std::string out;
    codec::write(out, event);
    CHECK(codec::read(codec::name_of(event), 1, parsed(out).root) == event);
  }
  const std::vector<bank::account_command> commands{bank::create_account{"Alice", "EUR", 0}, bank::deposit{5, "rent"},
                                                    bank::withdraw{7, {}}, bank::close_account{}};
  for (const auto& command : commands) {
    using codec = command_codec<bank::account_command>;
    std::string out;
    codec::write(out, command);
    CHECK(codec::read(codec::name_of(command), parsed(out).root) == command);
  }
}
