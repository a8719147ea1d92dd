#include "test/fuzz/target.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace foldlog::fuzz {
namespace {

constexpr auto all = std::to_array<target>({
    {"http", http_request},
    {"http-response", http_response},
    {"query-string", query_string},
    {"json", json_text},
    {"schema", schema},
    {"texts", texts},
    {"cursor", cursor},
    {"batch", batch},
    {"embedded-record", embedded_record},
    {"kafka-record", kafka_record},
    {"configuration", configuration_file},
});

}  // namespace

std::span<const target> targets() { return all; }

void expect(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

std::uint8_t take_byte(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto first = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return first;
}

}  // namespace foldlog::fuzz
