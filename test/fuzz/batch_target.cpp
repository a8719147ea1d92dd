// NDJSON batches through a whole command side over a memory log.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "schemas/json.h"
#include "test/command/routes_rig.h"
#include "test/fuzz/target.h"

namespace foldlog::fuzz {

// The rig's own checks, which run without a test around them here.
void prepare_checks() {
  static doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& failed) {
    if (failed.m_failed) expect(false, failed.m_expr);
  });
}

void batch(std::string_view bytes) {
  static std::unique_ptr<test::routes_rig> rig;
  static int left = 0;
  if (!rig) prepare_checks();
  if (left-- == 0) {  // what was applied stays in memory
    rig = std::make_unique<test::routes_rig>();
    left = 2000;
  }
  const auto answer = rig->batch(bytes);
  if (answer.status != http::status::ok) return expect(answer.status >= 400, "neither lines nor a problem");
  json::parser parser;
  std::size_t lines = 0;
  for (const auto& line : test::lines_of(answer.body)) {
    const auto value = parser.parse(line);
    expect(value.has_value() && value->find("status"), "a line of the answer that is no outcome");
    ++lines;
  }
  expect(lines <= 500, "more than 500 lines were taken");
}

}  // namespace foldlog::fuzz
