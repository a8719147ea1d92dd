#include "query/next_link.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace foldlog::query {
namespace {

TEST_CASE("the next page's address keeps all parameters but the one that is replaced") {
  struct row {
    std::string_view query;
    std::string_view address;
  };
  for (const auto& row :
       {row{"", "/a/b?cursor="}, row{"cursor=old", "/a/b?cursor="}, row{"limit=1&cursor=old", "/a/b?limit=1&cursor="},
        row{"cursor=old&limit=1", "/a/b?limit=1&cursor="}, row{"%63ursor=old&x=%3E", "/a/b?x=%3E&cursor="},
        row{"&&limit=1&", "/a/b?limit=1&cursor="}, row{"precursor=1", "/a/b?precursor=1&cursor="},
        row{R"(from=>;rel="x"<\^`{|})", "/a/b?from=%3E;rel=%22x%22%3C%5C%5E%60%7B%7C%7D&cursor="}}) {
    http::request asked;
    asked.path = "/a/b";
    asked.query = row.query;
    CHECK(address_with(asked, "cursor") == row.address);
  }
  CHECK(next_link("/a?cursor=", "xyz") == "</a?cursor=xyz>; rel=\"next\"");
}

}  // namespace
}  // namespace foldlog::query
