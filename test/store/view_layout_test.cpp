#include <doctest/doctest.h>

#include <random>

#include "core/base/hash.h"
#include "core/store/summed_row.h"
#include "core/store/view_layout.h"

using namespace foldlog;
using namespace foldlog::view_layout;
using namespace std::string_literals;

namespace {

std::string ordered(const index_value& value) {
  std::string bytes;
  append_index_value(bytes, value);
  return bytes;
}

checkpoint some_checkpoint() {
  checkpoint point;
  point.next = offset_t{1208};
  point.judged = {.epoch = {offset_t{1184}, 0x9f3c2a71}, .next_sequence = 23, .open_records = 0, .open_count = 0};
  point.last_event = offset_t{1207};
  point.last_event_id = "alice/4";
  point.events = 300;
  point.last_event_time_us = 1;
  return point;
}

}  // namespace

TEST_CASE("keys are, byte for byte, as documented") {
  CHECK(checkpoint_key("bank", "accounts", {"bank.account", 3}) == "cbank\0accounts\0bank.account\0\0\0\0\3"s);
  CHECK(row_key("bank", "accounts", "alice") == "rbank\0accounts\0alice"s);
  CHECK(index_key("bank", "accounts", "owner", "e\0e"s, "alice") ==
        "xbank\0accounts\0owner\0\2e\0\xff"
        "e\0\1alice"s);
  CHECK(index_key("bank", "accounts", "balance", std::int64_t{5}, "alice") ==
        "xbank\0accounts\0balance\0\1\x80\0\0\0\0\0\0\5alice"s);
  CHECK(index_key("bank", "accounts", "balance", std::int64_t{-1}, "a") ==
        "xbank\0accounts\0balance\0\1\x7f\xff\xff\xff\xff\xff\xff\xff"
        "a"s);
  CHECK(private_key("bank", "owners", "owner_of", "alice") == "pbank\0owners\0owner_of\0alice"s);
  CHECK(stream_key("bank", "account", "alice", version_t{258}) == "sbank\0account\0alice\0\0\0\0\0\0\0\1\2"s);
  CHECK(mark_key({"bank.account", 1}, offset_t{4096}) == "mbank.account\0\0\0\0\1\0\0\0\0\0\0\x10\0"s);
}

TEST_CASE("keys begin with their prefixes, and give back what they were made from") {
  const topic_partition at{"bank.account", 300};
  const auto prefix = checkpoint_prefix("bank", "accounts");
  const auto key = checkpoint_key("bank", "accounts", at);
  CHECK(key.starts_with(prefix));
  CHECK(checkpoint_place(key, prefix) == at);
  CHECK(row_key("bank", "accounts", "x").starts_with(row_prefix("bank", "accounts")));
  CHECK(!row_key("bank", "accounts_2", "x").starts_with(row_prefix("bank", "accounts")));
  CHECK(stream_key("bank", "account", "al", version_t{1}).starts_with(stream_prefix("bank", "account", "al")));
  CHECK(!stream_key("bank", "account", "alice", version_t{1}).starts_with(stream_prefix("bank", "account", "al")));
  CHECK(mark_key(at, offset_t{77}).starts_with(mark_prefix(at)));
  CHECK(mark_offset(mark_key(at, offset_t{77})) == offset_t{77});
  CHECK(mark_offset("m") == no_offset);
}

TEST_CASE("integers sort as numbers") {
  std::vector<std::int64_t> numbers{INT64_MIN, INT64_MIN + 1, -256, -255, -1, 0, 1, 255, 256, INT64_MAX - 1, INT64_MAX};
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) numbers.push_back(static_cast<std::int64_t>(random()));
  for (std::size_t i = 0; i + 1 < numbers.size(); ++i) {
    const auto left = numbers[i], right = numbers[i + 1];
    CHECK_MESSAGE((left < right) == (ordered(left) < ordered(right)), left, " ", right);
  }
}

TEST_CASE("texts sort as their bytes do, also with zero bytes, whatever key follows") {
  std::mt19937_64 random(7);
  const auto text = [&] {
    const char some[] = {'\0', '\1', 'a', 'b', '\xff'};
    std::string made;
    for (auto size = random() % 5; size > 0; --size) made += some[random() % 5];
    return made;
  };
  for (int i = 0; i < 5000; ++i) {
    const auto left = text(), right = text();
    const auto with_keys = index_key("d", "v", "i", left, text()) <=> index_key("d", "v", "i", right, text());
    if (left != right) CHECK_MESSAGE((left < right) == (with_keys < 0), left.size(), " ", right.size());
    if (left != right) CHECK((left < right) == (ordered(left) < ordered(right)));
  }
}

TEST_CASE("an index entry splits into its value and its row's key") {
  std::mt19937_64 random(9);
  for (int i = 0; i < 500; ++i) {
    std::string value, key;
    for (auto size = random() % 6; size > 0; --size) value += static_cast<char>(random() % 3 == 0 ? 0 : random());
    for (auto size = random() % 6; size > 0; --size) key += static_cast<char>(random() % 3 == 0 ? 0 : random());
    CHECK(split_index_entry(ordered(value) + key) == std::pair{index_value(value), key});
    const auto number = static_cast<std::int64_t>(random());
    CHECK(split_index_entry(ordered(number) + key) == std::pair{index_value(number), key});
  }
  for (const auto& bad : {""s, "\1\0\0"s, "\2abc"s, "\2a\0"s, "\2a\0b"s, "\3"s}) CHECK(!split_index_entry(bad));
}

TEST_CASE("a checkpoint survives its encoding; its bytes stay as they are") {
  const auto bytes = some_checkpoint().encode();
  CHECK(checkpoint::decode(bytes) == some_checkpoint());
  CHECK(checkpoint::decode(checkpoint{}.encode()) == checkpoint{});
  CHECK(bytes ==
        "\1\xb9\x09\xa1\x09\x9f\x3c\x2a\x71\x17\0\0\xb8\x09\x07"
        "alice/4\xac\2\0\0\0\0\0\0\0\1"s);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(!checkpoint::decode(bytes.substr(0, size)));
  CHECK(!checkpoint::decode(bytes + "x"));
}

TEST_CASE("a mark survives its encoding") {
  const auto state = some_checkpoint().judged;
  CHECK(decode_mark(encode_mark(state)) == state);
  CHECK(decode_mark(encode_mark({})) == arbiter::state{});
  CHECK(!decode_mark(""));
}

TEST_CASE("a stored row is JSON or a sum, both read as JSON, anything else as damage") {
  CHECK(render_row(json_row(R"({"a":1})")) == R"({"a":1})");
  CHECK(render_row(summed_row{{"{\"n\":", "}"}, {4}}.encode()) == R"({"n":4})");
  CHECK(render_row("") == "");
  CHECK(render_row("\3") == "");
  CHECK(render_row("{}") == "");
}

TEST_CASE("a stream entry is an offset or a record") {
  const auto offset = stream_entry::decode(stream_entry{offset_t{70000}, {}}.encode());
  REQUIRE(offset);
  CHECK(offset->offset == offset_t{70000});
  CHECK(offset->record.empty());
  const auto record = stream_entry::decode(stream_entry{offset_t{5}, "bytes\0more"s}.encode());
  REQUIRE(record);
  CHECK(record->offset == offset_t{5});
  CHECK(record->record == "bytes\0more"s);
  for (const auto& bad : {""s, "\1"s, "\2\5"s, "\1\5x"s, "\3\5"s}) CHECK(!stream_entry::decode(bad));
}
