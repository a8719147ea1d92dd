#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "core/store/summed_row.h"

// What every store promises (core/store/store.h), over all of them.
using namespace foldlog;

namespace {

struct in_memory {
  std::unique_ptr<store> rows = make_memory_store();
};

struct in_rocksdb {
  in_rocksdb() {
    auto name = (std::filesystem::temp_directory_path() / "foldlog-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    store_options options;
    options.folder = folder;
    rows = std::move(open_store(options).value());
  }
  ~in_rocksdb() {
    rows.reset();
    std::filesystem::remove_all(folder);
  }
  std::filesystem::path folder;
  std::unique_ptr<store> rows;
};

void put(store& into, const std::vector<std::pair<std::string, std::string>>& rows) {
  const auto batch = into.make_batch();
  for (const auto& [key, value] : rows) batch->put(key, value);
  REQUIRE(into.write(*batch));
}

std::string keys(const store_snapshot& from, std::string_view prefix) {
  std::string all;
  const auto at = from.iterate(prefix);
  for (at->seek(prefix); at->valid(); at->next()) all += std::string(at->key()) + " ";
  REQUIRE(at->status());
  return all;
}

std::string counted(std::int64_t number) { return summed_row{{"{\"n\":", "}"}, {number}}.encode(); }

}  // namespace

TEST_CASE_TEMPLATE("a key that was never written has no value", world, in_memory, in_rocksdb) {
  world here;
  CHECK(here.rows->get("nothing").value() == std::nullopt);
}

TEST_CASE_TEMPLATE("a batch is applied whole, in its order", world, in_memory, in_rocksdb) {
  world here;
  put(*here.rows, {{"b", "old"}});
  const auto batch = here.rows->make_batch();
  batch->put("z", "1");
  batch->put("a", "1");
  batch->put("a", "2");
  batch->erase("b");
  batch->put("c", "3");
  batch->erase("c");
  batch->erase("d");
  batch->put("d", "4");
  CHECK(here.rows->get("a").value() == std::nullopt);
  REQUIRE(here.rows->write(*batch));
  CHECK(here.rows->get("a").value() == "2");
  CHECK(here.rows->get("b").value() == std::nullopt);
  CHECK(here.rows->get("c").value() == std::nullopt);
  CHECK(here.rows->get("d").value() == "4");
  CHECK(here.rows->get("z").value() == "1");
}

TEST_CASE_TEMPLATE("a batch that was cleared changes nothing, and may be used again", world, in_memory, in_rocksdb) {
  world here;
  const auto batch = here.rows->make_batch();
  batch->put("a", "1");
  CHECK(batch->bytes() > 0);
  batch->clear();
  CHECK(batch->bytes() == 0);
  batch->put("b", "2");
  REQUIRE(here.rows->write(*batch));
  batch->clear();
  batch->put("c", "3");
  REQUIRE(here.rows->write(*batch));
  CHECK(keys(*here.rows->snapshot(), "") == "b c ");
}

TEST_CASE_TEMPLATE("keys and values may hold any bytes", world, in_memory, in_rocksdb) {
  world here;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  put(*here.rows, {{all, all}, {std::string("\0", 1), std::string("\0", 1)}});
  CHECK(here.rows->get(all).value() == all);
  CHECK(here.rows->get(std::string("\0", 1)).value() == std::string("\0", 1));
}

TEST_CASE_TEMPLATE("many keys are answered in their order", world, in_memory, in_rocksdb) {
  world here;
  put(*here.rows, {{"a", "1"}, {"b", "2"}});
  const auto found = here.rows->get({"b", "x", "a", "b"});
  REQUIRE(found.size() == 4);
  CHECK(found[0].value() == "2");
  CHECK(found[1].value() == std::nullopt);
  CHECK(found[2].value() == "1");
  CHECK(found[3].value() == "2");
}

TEST_CASE_TEMPLATE("a snapshot stays as it was, for reads and iterators", world, in_memory, in_rocksdb) {
  world here;
  put(*here.rows, {{"a", "1"}, {"b", "1"}, {"c", "1"}});
  const auto before = here.rows->snapshot();
  const auto walking = before->iterate("");
  walking->seek("");
  const auto batch = here.rows->make_batch();
  batch->put("a", "2");
  batch->erase("b");
  batch->put("bb", "2");
  REQUIRE(here.rows->write(*batch));
  CHECK(before->get("a").value() == "1");
  CHECK(before->get("b").value() == "1");
  CHECK(before->get("bb").value() == std::nullopt);
  std::string seen;
  for (; walking->valid(); walking->next())
    seen += std::string(walking->key()) + "=" + std::string(walking->value()) + " ";
  CHECK(seen == "a=1 b=1 c=1 ");
  CHECK(keys(*here.rows->snapshot(), "") == "a bb c ");
}

TEST_CASE_TEMPLATE("a snapshot may outlive the store", world, in_memory, in_rocksdb) {
  world here;
  put(*here.rows, {{"a", "1"}});
  const auto snapshot = here.rows->snapshot();
  here.rows.reset();
  CHECK(snapshot->get("a").value() == "1");
  CHECK(keys(*snapshot, "") == "a ");
}

TEST_CASE_TEMPLATE("an iterator gives the keys that begin with its prefix, in byte order, both ways", world, in_memory,
                   in_rocksdb) {
  world here;
  put(*here.rows, {{"a", ""}, {"p", ""}, {"p\x7f", ""}, {"p\xff", ""}, {"p\xff\xff", ""}, {"pa", ""}, {"q", ""}});
  const auto snapshot = here.rows->snapshot();
  CHECK(keys(*snapshot, "p") == "p pa p\x7f p\xff p\xff\xff ");
  CHECK(keys(*snapshot, "p\xff") == "p\xff p\xff\xff ");
  CHECK(keys(*snapshot, "none") == "");
  const auto at = snapshot->iterate("p");
  std::string backwards;
  for (at->seek_for_prev("p\xff\xff\xff\xff"); at->valid(); at->prev()) backwards += std::string(at->key()) + " ";
  CHECK(backwards == "p\xff\xff p\xff p\x7f pa p ");
}

TEST_CASE_TEMPLATE("an iterator seeks within its prefix, also from outside of it", world, in_memory, in_rocksdb) {
  world here;
  put(*here.rows, {{"a", ""}, {"p1", ""}, {"p3", ""}, {"z", ""}});
  const auto at = here.rows->snapshot()->iterate("p");
  at->seek("a");
  REQUIRE(at->valid());
  CHECK(at->key() == "p1");
  at->seek("p2");
  REQUIRE(at->valid());
  CHECK(at->key() == "p3");
  at->seek("p4");
  CHECK(!at->valid());
  at->seek_for_prev("p2");
  REQUIRE(at->valid());
  CHECK(at->key() == "p1");
  at->seek_for_prev("zz");
  REQUIRE(at->valid());
  CHECK(at->key() == "p3");
  at->seek_for_prev("p0");
  CHECK(!at->valid());
  at->seek_for_prev("a");
  CHECK(!at->valid());
}

TEST_CASE_TEMPLATE("summed rows add up, in a batch, over batches, and after an erase", world, in_memory, in_rocksdb) {
  world here;
  const auto batch = here.rows->make_batch();
  batch->add("s", counted(2));
  batch->add("s", counted(3));
  REQUIRE(here.rows->write(*batch));
  CHECK(here.rows->get("s").value() == counted(5));
  for (int i = 0; i < 100; ++i) {
    batch->clear();
    batch->add("s", counted(-1));
    REQUIRE(here.rows->write(*batch));
  }
  CHECK(here.rows->get("s").value() == counted(-95));
  batch->clear();
  batch->erase("s");
  batch->add("s", counted(7));
  REQUIRE(here.rows->write(*batch));
  CHECK(here.rows->get("s").value() == counted(7));
}

TEST_CASE_TEMPLATE("rows that do not add up are told as such, never as a number", world, in_memory, in_rocksdb) {
  world here;
  const auto batch = here.rows->make_batch();
  batch->add("texts", counted(1));
  batch->add("texts", summed_row{{"{\"m\":", "}"}, {1}}.encode());
  batch->add("full", counted(INT64_MAX));
  batch->add("full", counted(1));
  REQUIRE(here.rows->write(*batch));
  CHECK(!summed_row::decode(*here.rows->get("texts").value()));
  CHECK(!summed_row::decode(*here.rows->get("full").value()));
  put(*here.rows, {{"other", "works"}});
  CHECK(here.rows->get("other").value() == "works");
}

TEST_CASE_TEMPLATE("the generation changes with every write, and with nothing else", world, in_memory, in_rocksdb) {
  world here;
  const auto empty = here.rows->generation();
  put(*here.rows, {{"a", "1"}});
  const auto first = here.rows->generation();
  CHECK(first != empty);
  CHECK(here.rows->get("a").value() == "1");
  const auto snapshot = here.rows->snapshot();
  REQUIRE(here.rows->flush());
  CHECK(here.rows->generation() == first);
  put(*here.rows, {{"a", "1"}});
  CHECK(here.rows->generation() != first);
}
