#include "core/log/record.h"

#include <doctest/doctest.h>

using namespace foldlog;

TEST_CASE("an epoch's text is offset, dash, eight hex digits") {
  CHECK(epoch_id{offset_t{1184}, 0x9f3c2a71}.text() == "1184-9f3c2a71");
  CHECK(epoch_id{offset_t{0}, 7}.text() == "0-00000007");
  CHECK(epoch_id{}.text().empty());
}

TEST_CASE("an epoch's text is read back as it was") {
  for (const epoch_id epoch :
       {epoch_id{offset_t{0}, 0}, {offset_t{1184}, 0x9f3c2a71}, {offset_t{9223372036854775807}, ~0U}}) {
    epoch_id parsed;
    CHECK(epoch_id::parse(epoch.text(), parsed));
    CHECK(parsed == epoch);
  }
}

TEST_CASE("what is no epoch is refused and changes nothing") {
  for (const char* text : {"", "-", "1184", "1184-", "-9f3c2a71", "1184-9f3c2a7", "1184-9f3c2a711", "1184-9F3C2A71",
                           "01-9f3c2a71", "-1-9f3c2a71", "+1-9f3c2a71", " 1-9f3c2a71", "1-9f3c2a71 ", "1-0x3c2a71",
                           "1--f3c2a71", "9223372036854775808-9f3c2a71", "1a-9f3c2a71"}) {
    epoch_id parsed{offset_t{3}, 4};
    CAPTURE(text);
    CHECK_FALSE(epoch_id::parse(text, parsed));
    CHECK(parsed == epoch_id{offset_t{3}, 4});
  }
}
