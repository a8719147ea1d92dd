#include "core/cluster/announcement.h"

#include <doctest/doctest.h>

#include "announcements.h"

namespace foldlog::test {
namespace {

TEST_CASE("what a node says of itself is read as it was written") {
  auto said = owning(owning(node_named("n1"), 3, 1184), 5, 77);
  said.load = 12;
  said.serves = {};
  const auto read = announcement::parse("n1", said.text());
  REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().text));
  CHECK(*read == said);
}

TEST_CASE("the text of a note is what the header shows") {
  auto said = owning(node_named("n1"), 3, 1184);
  said.instance = "9f3c2a71";
  said.endpoint = "http://10.0.0.7:8080";
  said.load = 12;
  CHECK(said.text() ==
        "foldlog-node: 1\ncluster: main\ninstance: 9f3c2a71\nversion: 0.1.0\nroles: command,query\n"
        "endpoint: http://10.0.0.7:8080\ntopics: bank.account\npartitions: 8\nserves: command,query\nload: 12\n"
        "ttl-ms: 3000\nowns: bank.account/3@1184\n");
}

TEST_CASE("lines that a later version may add are passed over") {
  const auto read = announcement::parse("n1", node_named("n1").text() + "colour: blue\n");
  REQUIRE(read.has_value());
  CHECK(*read == node_named("n1"));
}

TEST_CASE("a note of another format, or of no node, is told apart") {
  CHECK(announcement::parse("n1", "foldlog-node: 2\n").error().kind == error_kind::conflict);
  CHECK(announcement::parse("n1", "hello").error().kind == error_kind::invalid);
  for (const auto* line :
       {"roles: king\n", "partitions: 0\n", "ttl-ms: -1\n", "owns: bank\n", "endpoint: ftp://x\n", "load: x\n"}) {
    CAPTURE(line);
    const auto read = announcement::parse("n1", node_named("n1").text() + line);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == error_kind::invalid);
  }
}

TEST_CASE("roles: any mix, each once is enough, none is none") {
  CHECK(node_roles::parse("front,command")->text() == "command,front");
  CHECK(node_roles::parse("query,query")->text() == "query");
  CHECK_FALSE(node_roles::parse("").has_value());
  CHECK_FALSE(node_roles::parse("king").has_value());
}

}  // namespace
}  // namespace foldlog::test
