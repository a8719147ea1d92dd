#include "schemas/format.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "schemas/uri.h"

using namespace foldlog;

TEST_CASE("formats are told from what only looks like them") {
  struct row {
    std::string_view format;
    std::string_view text;
    bool valid;
  };
  const std::vector<row> rows{
      {"date-time", "2026-11-29T04:00:00.123+01:00", true},
      {"date-time", "2026-11-29 04:00:00Z", false},
      {"date-time", "2026-11-29T24:00:00Z", false},
      {"date", "1900-02-29", false},
      {"date", "2000-02-29", true},
      {"time", "23:59:60Z", true},
      {"time", "22:59:60-01:00", true},
      {"time", "22:59:60Z", false},
      {"duration", "P1Y2M3DT4H5M6S", true},
      {"duration", "P1Y3D", false},
      {"duration", "P1H", false},
      {"email", "a.b@example.org", true},
      {"email", "\"a\\\"b\"@example.org", true},
      {"email", "\"a\"b\"@example.org", false},
      {"email", "a@[IPv6:::1]", true},
      {"email", "a@b@c", false},
      {"hostname", "a-1.example", true},
      {"hostname", "a..b", false},
      {"hostname", "ab--cd.example", false},
      {"ipv4", "255.0.0.1", true},
      {"ipv4", "1.2.3", false},
      {"ipv6", "1::", true},
      {"ipv6", "1:2:3:4:5:6:7::8", false},
      {"uri", "http://[::1]:80/a?b#c", true},
      {"uri", "http://a b", false},
      {"uri", "a/b", false},
      {"uri-reference", "a/b", true},
      {"uri-reference", "%zz", false},
      {"uuid", "01a1fe5f-0b7a-7a4c-901e-a513c83a9062", true},
      {"uuid", "{01a1fe5f-0b7a-7a4c-901e-a513c83a90}", false},
      {"regex", "^[a-z]+$", true},
      {"regex", "(", false},
      {"json-pointer", "/a~1b", true},
      {"json-pointer", "a", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.format);
    CAPTURE(row.text);
    const auto check = find_format(row.format);
    REQUIRE((check != nullptr));
    CHECK(check(row.text) == row.valid);
  }
  CHECK((find_format("iri") == nullptr));
}

TEST_CASE("references are resolved as RFC 3986 section 5.4 lists it") {
  const std::vector<std::pair<std::string_view, std::string_view>> rows{
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../..", "http://a/"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g#s/../x", "http://a/b/c/g#s/../x"},
  };
  for (const auto& [reference, expected] : rows) {
    CAPTURE(reference);
    CHECK(resolve_uri("http://a/b/c/d;p?q", reference) == expected);
  }
  CHECK(resolve_uri("urn:a:b", "#c") == "urn:a:b#c");
  CHECK(resolve_uri("", "a.json#c") == "a.json#c");
}
