#include "test/log/kafka/kafka_broker.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "core/base/hash.h"
#include "core/base/random.h"

namespace foldlog::test {
namespace {

std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), size);
  const int status = ::pclose(pipe);
  REQUIRE_MESSAGE(status == 0, command);
  return output;
}

std::string after(const std::string& text, std::string_view mark, std::string_view ends) {
  const auto at = text.rfind(mark);
  REQUIRE(at != std::string::npos);
  const auto rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find_first_of(ends));
}

}  // namespace

own_kafka::own_kafka(int brokers) {
  std::string name = (std::filesystem::temp_directory_path() / "foldlog-kafka-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  folder_ = name;
  const auto command =
      fmt::format("'{}' up --brokers {} --guard {} --dir '{}'", FOLDLOG_TOOLS_KAFKA, brokers, ::getpid(), name);
  bootstrap_ = after(output_of(command), "bootstrap=", "\n");
}

own_kafka::~own_kafka() {
  const auto command = fmt::format("'{}' down --wipe --dir '{}' 2>/dev/null", FOLDLOG_TOOLS_KAFKA, folder_.string());
  if (std::system(command.c_str()) == 0) std::filesystem::remove_all(folder_);
}

void own_kafka::run(const std::string& arguments) const {
  (void)output_of(fmt::format("'{}' {} --dir '{}'", FOLDLOG_TOOLS_KAFKA, arguments, folder_.string()));
}

void own_kafka::kill(int node) const { run(fmt::format("kill {}", node)); }
void own_kafka::start(int node) const { run(fmt::format("start {}", node)); }

void own_kafka::freeze(int node, int milliseconds) const {
  const auto status = output_of(fmt::format("'{}' status --dir '{}'", FOLDLOG_TOOLS_KAFKA, folder_.string()));
  const auto pid = after(status.substr(0, status.find('\n', status.find(fmt::format("node {} ", node)))), "pid ", ",");
  (void)output_of(
      fmt::format("kill -STOP {0}; (sleep {1}; kill -CONT {0}) >/dev/null 2>&1 &", pid, milliseconds / 1000.0));
}

const std::string& shared_kafka() {
  static const char* const given = std::getenv("FOLDLOG_TEST_KAFKA");
  static const std::unique_ptr<own_kafka> own = given != nullptr ? nullptr : std::make_unique<own_kafka>();
  static const std::string bootstrap = given != nullptr ? given : own->bootstrap();
  return bootstrap;
}

log_options fresh_options(const std::string& bootstrap, std::size_t topics, std::int32_t partitions) {
  static const random_source random = system_random();
  log_options options;
  options.location = "kafka:" + bootstrap;
  options.partitions = partitions;
  options.replicas = 1;
  const auto domain = "test" + hex(random(), 12);
  for (std::size_t n = 0; n < topics; ++n) options.topics.push_back(fmt::format("{}.category{}", domain, n));
  return options;
}

}  // namespace foldlog::test
