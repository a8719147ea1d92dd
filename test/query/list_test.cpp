#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "test/query/fixture.h"

using namespace foldlog;
using namespace foldlog::test;

namespace {

// The keys on a page, in order, joined by blanks.
std::string keys(const std::string& body) {
  std::string joined;
  for (std::size_t at = 0; (at = body.find(R"({"key":")", at)) != std::string::npos;) {
    at += 8;
    if (!joined.empty()) joined += ' ';
    joined += body.substr(at, body.find('"', at) - at);
  }
  return joined;
}

std::string next_of(const std::string& body) {
  const auto begin = body.rfind(R"("next":")");
  if (begin == std::string::npos) return {};
  return body.substr(begin + 8, body.size() - begin - 10);
}

std::string list(fixture& with, const std::string& query) {
  const auto got = with.ask("/v1/views/bank/accounts" + query);
  CHECK_MESSAGE(got.response.status == 200, got.response.body);
  return keys(got.response.body);
}

// All pages of a query, going on by cursors.
std::string pages(fixture& with, const std::string& query) {
  std::string joined;
  for (std::string cursor;;) {
    const auto got = with.ask("/v1/views/bank/accounts?limit=1" + query + cursor);
    REQUIRE(got.response.status == 200);
    if (const auto page = keys(got.response.body); !page.empty()) joined += (joined.empty() ? "" : " ") + page;
    const auto next = next_of(got.response.body);
    if (next.empty()) return joined;
    cursor = "&cursor=" + next;
  }
}

std::string problem_of(fixture& with, const std::string& query) {
  const auto got = with.ask("/v1/views/bank/accounts" + query);
  CHECK(got.response.status == 400);
  return got.problem();
}

void put_some(fixture& with) {
  with.put_row("a", "eve", 30);
  with.put_row("ab", "bob", -5);
  with.put_row("b", "eve", 9);
  with.put_row("ba", "evelyn", 100);
  with.put_row("c", "al", 9);
}

}  // namespace

TEST_CASE("a list is an object of rows, with the cursor of the next page or null") {
  fixture bank;
  bank.put_row("a", "eve", 30);
  const auto got = bank.ask("/v1/views/bank/accounts");
  CHECK(got.response.status == 200);
  CHECK(got.response.content_type == "application/json");
  CHECK(got.response.body == R"({"rows":[{"key":"a","row":{"owner":"eve","balance":30}}],"next":null})");
  CHECK(bank.ask("/v1/views/bank/owners").response.body == R"({"rows":[],"next":null})");
}

TEST_CASE("bounds on the key: from inclusive, to exclusive, prefix, all together") {
  fixture bank;
  put_some(bank);
  CHECK(list(bank, "") == "a ab b ba c");
  CHECK(list(bank, "?from=ab") == "ab b ba c");
  CHECK(list(bank, "?to=b") == "a ab");
  CHECK(list(bank, "?from=ab&to=ba") == "ab b");
  CHECK(list(bank, "?from=b&to=b") == "");
  CHECK(list(bank, "?from=c&to=a") == "");
  CHECK(list(bank, "?prefix=a") == "a ab");
  CHECK(list(bank, "?prefix=a&from=aa&to=b") == "ab");
  CHECK(list(bank, "?prefix=b&to=ba") == "b");
  CHECK(list(bank, "?prefix=&from=&order=asc") == "a ab b ba c");
  CHECK(list(bank, "?to=") == "");
  CHECK(list(bank, "?prefix=x") == "");
}

TEST_CASE("desc reverses the answer, not the bounds") {
  fixture bank;
  put_some(bank);
  CHECK(list(bank, "?order=desc") == "c ba b ab a");
  CHECK(list(bank, "?order=desc&from=ab&to=ba") == "b ab");
  CHECK(list(bank, "?order=desc&prefix=b") == "ba b");
  CHECK(list(bank, "?order=desc&index=balance") == "ba a c b ab");
  CHECK(list(bank, "?order=desc&index=owner&value=eve") == "b a");
}

TEST_CASE("an index sorts by its value, ties by key; integers compare as numbers") {
  fixture bank;
  put_some(bank);
  CHECK(list(bank, "?index=balance") == "ab b c a ba");
  CHECK(list(bank, "?index=balance&from=9") == "b c a ba");
  CHECK(list(bank, "?index=balance&from=9&to=100") == "b c a");
  CHECK(list(bank, "?index=balance&from=-5&to=9") == "ab");
  CHECK(list(bank, "?index=balance&value=9") == "b c");
  CHECK(list(bank, "?index=balance&value=9&from=10") == "");
  CHECK(list(bank, "?index=balance&value=9&to=10&from=9") == "b c");
  CHECK(list(bank, "?index=owner") == "c ab a b ba");
  CHECK(list(bank, "?index=owner&value=eve") == "a b");
  CHECK(list(bank, "?index=owner&prefix=eve") == "a b ba");
  CHECK(list(bank, "?index=owner&prefix=") == "c ab a b ba");
  CHECK(list(bank, "?index=owner&from=b&to=evel") == "ab a b");
  CHECK(list(bank, "?index=owner&from=eve&to=eve") == "");
}

TEST_CASE("the ends of the integers and texts with zero bytes stand where they belong") {
  fixture bank;
  bank.put_row("low", "a", std::numeric_limits<std::int64_t>::min());
  bank.put_row("high", std::string("a\0", 2), std::numeric_limits<std::int64_t>::max());
  bank.put_row("mid", "ab", 0);
  CHECK(list(bank, "?index=balance") == "low mid high");
  CHECK(list(bank, "?index=balance&value=9223372036854775807") == "high");
  CHECK(list(bank, "?index=balance&value=-9223372036854775808") == "low");
  CHECK(list(bank, "?index=owner") == "low high mid");
  CHECK(list(bank, "?index=owner&value=a") == "low");
  CHECK(list(bank, "?index=owner&prefix=a%00") == "high");
  CHECK(list(bank, "?index=owner&from=a%00") == "high mid");
}

TEST_CASE("pages of one row together are the list") {
  fixture bank;
  put_some(bank);
  for (const std::string query : {"", "&order=desc", "&index=balance", "&index=balance&order=desc",
                                  "&index=owner&prefix=eve", "&from=ab&to=c&order=desc"}) {
    CAPTURE(query);
    CHECK(pages(bank, query) == list(bank, "?limit=1000" + query));
  }
}

TEST_CASE("next is null on the last page, even when that is full") {
  fixture bank;
  put_some(bank);
  CHECK(next_of(bank.ask("/v1/views/bank/accounts?limit=5").response.body).empty());
  CHECK(!next_of(bank.ask("/v1/views/bank/accounts?limit=4").response.body).empty());
  CHECK(next_of(bank.ask("/v1/views/bank/accounts?limit=2&prefix=b").response.body).empty());
}

TEST_CASE("a hundred rows when no limit is given, a thousand at most") {
  fixture bank;
  for (int i = 0; i < 1002; ++i) bank.put_row(fmt::format("k{:04}", i), "eve", i);
  const auto count = [&](const std::string& query) {
    const auto all = list(bank, query);
    return std::ranges::count(all, ' ') + 1;
  };
  CHECK(count("") == 100);
  CHECK(count("?limit=1") == 1);
  CHECK(count("?limit=1000") == 1000);
  for (const std::string limit : {"0", "1001", "-1", "x", "", "1.5", "99999999999999999999", "%2B5", "5x"}) {
    CAPTURE(limit);
    CHECK(problem_of(bank, "?limit=" + limit) == "invalid-parameter");
  }
}

TEST_CASE("what a list does not take is an invalid parameter") {
  fixture bank;
  for (const std::string query :
       {"?order=up", "?order=", "?index=nobody", "?index=", "?value=9", "?index=balance&value=x",
        "?index=balance&from=", "?index=balance&to=1.0", "?index=balance&prefix=1",
        "?index=balance&value=9223372036854775808", "?limit=1&limit=2", "?page=2", "?from=%ff", "?prefix=%c3",
        "?index=owner&value=%ed%a0%80"}) {
    CAPTURE(query);
    CHECK(problem_of(bank, query) == "invalid-parameter");
  }
}

TEST_CASE("a cursor goes with its query only; the limit alone may change") {
  fixture bank;
  put_some(bank);
  const auto cursor = next_of(bank.ask("/v1/views/bank/accounts?limit=2&from=a").response.body);
  CHECK(list(bank, "?limit=3&from=a&cursor=" + cursor) == "b ba c");
  CHECK(list(bank, "?from=a&order=asc&cursor=" + cursor) == "b ba c");
  for (const std::string query :
       {"?", "?from=b&", "?from=a&order=desc&", "?from=a&to=z&", "?from=a&prefix=&", "?from=a&index=owner&"}) {
    CAPTURE(query);
    CHECK(problem_of(bank, query + "cursor=" + cursor) == "invalid-cursor");
  }
  CHECK(problem_of(bank, "?from=a&cursor=") == "invalid-cursor");
  CHECK(problem_of(bank, "?from=a&cursor=A" + cursor) == "invalid-cursor");
  const auto other_view = bank.ask("/v1/views/bank/owners?from=a&cursor=" + cursor);
  CHECK(other_view.problem() == "invalid-cursor");
}

TEST_CASE("paging while rows come, change and go neither misses nor doubles one that stayed as it was") {
  const unsigned seed = std::random_device()();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  const auto pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  for (int round = 0; round < 60; ++round) {
    fixture bank;
    const auto key = [&] { return fmt::format("k{:02}", pick(60)); };
    const auto put = [&](const std::string& at) { bank.put_row(at, fmt::format("o{}", pick(4)), pick(6) - 3); };
    std::set<std::string> stayed;
    for (int i = 0; i < 40; ++i) {
      const auto at = key();
      put(at);
      stayed.insert(at);
    }
    const std::string query = fmt::format(
        "&order={}{}", pick(2) == 0 ? "asc" : "desc",
        std::vector<std::string>{"", "&index=balance", "&index=owner", "&from=k20"}[static_cast<std::size_t>(pick(4))]);
    CAPTURE(round);
    CAPTURE(query);
    std::map<std::string, int> seen;
    for (std::string cursor;;) {
      const auto got = bank.ask(fmt::format("/v1/views/bank/accounts?limit={}{}{}", 1 + pick(7), query, cursor));
      REQUIRE(got.response.status == 200);
      for (auto rest = keys(got.response.body); !rest.empty();) {
        ++seen[rest.substr(0, 3)];
        rest.erase(0, 4);
      }
      const auto next = next_of(got.response.body);
      if (next.empty()) break;
      cursor = "&cursor=" + next;
      for (int change = pick(6); change > 0; --change) {
        const auto at = key();
        stayed.erase(at);
        pick(2) == 0 ? put(at) : bank.erase_row(at);
      }
    }
    for (const auto& at : stayed) {
      CAPTURE(at);
      CHECK(seen[at] == (query.contains("from=k20") && at < "k20" ? 0 : 1));
    }
  }
}
