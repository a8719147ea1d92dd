#include "projections/specification.h"

#include "projections/view_rows.h"
#include "schemas/json.h"

namespace foldlog {
namespace {

bool equal_json(std::string_view left, std::string_view right) {
  json::parser one, other;
  const auto first = one.parse(left);
  const auto second = other.parse(right);
  return first && second && json::equal(*first, *second);
}

}  // namespace

std::string difference(const told_rows& expected, const told_rows& found) {
  std::string lines;
  for (const auto& [key, row] : expected) {
    const auto there = found.find(key);
    if (there == found.end()) {
      lines += "no row " + key + ", expected " + row + "\n";
    } else if (!equal_json(row, there->second)) {
      lines += key + ": expected " + row + ", found " + there->second + "\n";
    }
  }
  for (const auto& [key, row] : found) {
    if (!expected.contains(key)) lines += "a row " + key + ", not expected: " + row + "\n";
  }
  return lines;
}

told_rows rows_of(const store& from, std::string_view domain, std::string_view view) {
  told_rows rows;
  std::ignore = visit_rows(*from.snapshot(), domain, view, [&](std::string_view key, std::string_view row) {
    rows.emplace(key, row);
    return true;
  });
  return rows;
}

}  // namespace foldlog
