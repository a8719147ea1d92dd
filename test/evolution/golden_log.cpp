// golden_log DATA RECORDS [MORE...]: an embedded log in DATA/log that holds the records of those files, as an owner of
// that time would have written them. A line of a file is {"id","type","data"}.
#include <boost/asio/thread_pool.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "core/log/open_log.h"
#include "schemas/json.h"
#include "test/projections/bank_log.h"

namespace foldlog::test {
namespace {

int write(const std::string& data, std::span<const char* const> files) {
  boost::asio::thread_pool pool(1);
  auto log = open_log({.location = "embedded",
                       .data = data,
                       .topics = {"bank.account"},
                       .partitions = 8,
                       .probe = {},
                       .kafka_settings = {}},
                      pool.get_executor());
  if (!log) return std::fprintf(stderr, "golden_log: %s\n", log.error().text.c_str()), 1;
  bank_writer writer(**log);
  writer.claim_all();
  for (const auto* name : files) {
    std::ifstream file(name);
    json::parser parser;
    for (std::string line; std::getline(file, line);) {
      const auto event = parser.parse(line);
      if (!event) return std::fprintf(stderr, "golden_log: %s\n", event.error().text.c_str()), 1;
      writer.event(std::string(event->find("id")->as_string()), event->find("type")->as_string(),
                   text_of(*event->find("data")));
    }
    if (writer.events() == 0) return std::fprintf(stderr, "golden_log: %s holds no record\n", name), 1;
  }
  (*log)->close();
  log->reset();
  pool.join();
  return 0;
}

}  // namespace
}  // namespace foldlog::test

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  return foldlog::test::write(argv[1], std::span<const char* const>(argv + 2, static_cast<std::size_t>(argc - 2)));
}
