#include "core/http/structured_field.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

namespace foldlog::http {
namespace {

TEST_CASE("a String of RFC 8941 is read with its escapes, and its parameters are passed over") {
  struct row {
    std::string_view value;
    std::optional<std::string> text;
  };
  for (const auto& row : {row{R"("abc")", "abc"},
                          row{R"("")", ""},
                          row{R"("a b")", "a b"},
                          row{R"("a\"b\\c")", R"(a"b\c)"},
                          row{R"("abc";a=1)", "abc"},
                          row{R"("abc";a;b="x;y"; c-d=tok/en:1;*e=:YQ==:;f=?1;g=-1.5)", "abc"},
                          row{"abc", std::nullopt},
                          row{R"("abc)", std::nullopt},
                          row{R"("a\bc")", std::nullopt},
                          row{R"("abc\")", std::nullopt},
                          row{R"("abc"x)", std::nullopt},
                          row{R"("abc" ;a)", std::nullopt},
                          row{R"("abc";)", std::nullopt},
                          row{R"("abc";A=1)", std::nullopt},
                          row{R"("abc";1=a)", std::nullopt},
                          row{R"("abc";a=)", std::nullopt},
                          row{R"("abc";a="x)", std::nullopt},
                          row{R"("abc", "def")", std::nullopt},
                          row{"\"a\tb\"", std::nullopt},
                          row{"\"\xc3\xa4\"", std::nullopt},
                          row{"", std::nullopt}}) {
    CAPTURE(row.value);
    CHECK(parse_string_item(row.value) == row.text);
  }
}

}  // namespace
}  // namespace foldlog::http
