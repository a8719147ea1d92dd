#include "core/log/record_codec.h"

#include <doctest/doctest.h>

#include <random>

#include "core/base/bytes.h"
#include "core/log/checksum.h"
#include "test/log/contract.h"

using namespace foldlog;

namespace {

std::string bytes_from_hex(std::string_view text) {
  std::string bytes;
  int high = -1;
  for (const char digit : text) {
    if (digit == ' ') continue;
    const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    if (high < 0) {
      high = value;
    } else {
      bytes.push_back(static_cast<char>(high << 4 | value));
      high = -1;
    }
  }
  return bytes;
}

std::string encoded(const record& source) {
  std::string bytes;
  encode_record(bytes, source);
  return bytes;
}

/// With a checksum that fits.
std::string sealed(std::string_view body) {
  std::string bytes;
  put_u32(bytes, crc32c(body));
  return bytes + std::string(body);
}

record random_record(std::mt19937_64& random, std::string& texts) {
  const auto text = [&] {
    static constexpr std::size_t sizes[] = {0, 1, 5, 127, 128, 300, 16384};
    return std::string_view(texts).substr(random() % 100, sizes[random() % 7]);
  };
  record made;
  made.kind = static_cast<record_kind>(random() % 5);
  made.time = timestamp{std::chrono::microseconds(static_cast<std::int64_t>(random()))};
  made.version = version_t{random() >> (random() % 64)};
  made.epoch = {offset_t{static_cast<std::int64_t>(random() >> (1 + random() % 63)) - 1},
                static_cast<std::uint32_t>(random())};
  made.epoch_sequence = random() >> (random() % 64);
  made.commit_index = static_cast<std::uint32_t>(random() >> (random() % 64));
  made.commit_count = static_cast<std::uint32_t>(random() >> (random() % 64));
  made.command_hash = random();
  for (auto* view : {&made.key, &made.type, &made.value, &made.command_id, &made.correlation_id, &made.causation_id,
                     &made.actor, &made.traceparent}) {
    *view = text();
  }
  return made;
}

}  // namespace

TEST_CASE("the checksum is CRC-32C, with and without the processor's instruction") {
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c("") == 0);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);  // RFC 3720 B.4
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  std::mt19937_64 random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    CHECK(crc32c(bytes) == crc32c_portable(bytes));
  }
}

TEST_CASE("a record has these bytes for ever") {
  auto event = test::sample_event("{}");
  const auto golden = bytes_from_hex(
      "9c75a6a2 10 000660c601323840 01 01 9f3c2a71 00 00 01 0123456789abcdef"
      "05 616c696365 13 62616e6b2e4465706f7369744d6164652e7631 02 7b7d 04 39663163 00000000");
  CHECK(encoded(event) == golden);
}

TEST_CASE("every field comes back as it was") {
  std::mt19937_64 random(2);
  std::string texts(20'000, '\0');
  for (auto& byte : texts) byte = static_cast<char>(random());
  for (int n = 0; n < 2000; ++n) {
    auto source = random_record(random, texts);
    const auto bytes = encoded(source);
    const auto found = decode_record(bytes, offset_t{n});
    REQUIRE(found.has_value());
    source.offset = offset_t{n};
    if (source.kind == record_kind::claim) source.epoch.offset = offset_t{n};
    CHECK(test::kept_record({}, *found) == test::kept_record({}, source));
    CHECK(found->value.data() >= bytes.data());  // a view into the input: nothing was copied
    CHECK(found->value.data() <= bytes.data() + bytes.size());
  }
}

TEST_CASE("any flipped bit is damage") {
  const auto bytes = encoded(test::sample_event(R"({"amount":1200})"));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto found = decode_record(changed, offset_t{5});
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().kind == error_kind::damaged);
    CHECK(found.error().text.find("offset 5") != std::string::npos);
  }
}

TEST_CASE("a cut or lengthened record is damage, even with a checksum that fits") {
  const auto bytes = encoded(test::sample_event("{}"));
  const auto body = bytes.substr(4);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_record(bytes.substr(0, size), offset_t{0}).has_value());
  for (std::size_t size = 0; size < body.size(); ++size)
    CHECK_FALSE(decode_record(sealed(body.substr(0, size)), offset_t{0}).has_value());
  CHECK(decode_record(sealed(body), offset_t{0}).has_value());
  CHECK_FALSE(decode_record(sealed(body + "x"), offset_t{0}).has_value());
}

TEST_CASE("an unknown kind, a later format and a number beyond its type are damage") {
  auto body = encoded(test::sample_event("{}")).substr(4);
  body[0] = 0x15;
  CHECK(decode_record(sealed(body), offset_t{0}).error().kind == error_kind::damaged);
  body[0] = 0x20;
  CHECK(decode_record(sealed(body), offset_t{0}).error().text.find("format 2") != std::string::npos);
  body[0] = 0x10;
  const std::size_t commit_index_at = 1 + 8 + 1 + 1 + 4 + 1;
  body.replace(commit_index_at, 1, "\x80\x80\x80\x80\x10");  // 2^32
  CHECK(decode_record(sealed(body), offset_t{0}).error().kind == error_kind::damaged);
}

TEST_CASE("any bytes give a record or damage") {
  std::mt19937_64 random(3);
  const auto good = encoded(test::sample_event(R"({"amount":1200})")).substr(4);
  std::size_t records = 0;
  for (int n = 0; n < 200'000; ++n) {
    std::string body = n % 2 == 0 ? good : std::string(random() % 120, '\0');
    if (n % 2 == 1) {
      for (auto& byte : body) byte = static_cast<char>(random());
      if (!body.empty()) body[0] = static_cast<char>(0x10 | (random() % 5));
    }
    for (auto changes = random() % 4; changes > 0 && !body.empty(); --changes)
      body[random() % body.size()] = static_cast<char>(random());
    const auto found = decode_record(sealed(body), offset_t{0});
    if (found) ++records;
    if (!found) CHECK(found.error().kind == error_kind::damaged);
  }
  CHECK(records > 1000);
}
