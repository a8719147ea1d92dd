#include "core/http/negotiation.h"

#include <algorithm>

namespace foldlog::http {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

// How exactly the range names the type: 0 not at all, 1 `*/*`, 2 `type/*`, 3 `type/subtype`.
int precision(std::string_view range, std::string_view media_type) {
  if (same(range, media_type)) return 3;
  if (range == "*/*") return 1;
  const auto slash = media_type.find('/');
  return range.ends_with("/*") && same(range.substr(0, range.size() - 2), media_type.substr(0, slash)) ? 2 : 0;
}

bool has_zero_quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = parameters.find(';');
    const auto one = trim(parameters.substr(0, end));
    if (one.size() > 2 && (one[0] == 'q' || one[0] == 'Q') && one[1] == '=') {
      return one.substr(2).find_first_not_of("0.") == std::string_view::npos;
    }
    if (end == std::string_view::npos) return false;
    parameters.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

bool is_content_type(const request& of, std::string_view media_type) {
  if (of.count("Content-Type") != 1) return false;
  const auto coding = of.header("Content-Encoding");
  if (coding && !same(*coding, "identity")) return false;
  const auto value = *of.header("Content-Type");
  return same(trim(value.substr(0, value.find(';'))), media_type);
}

bool accepts(const request& of, std::string_view media_type) {
  int best = 0;
  bool good = true;
  bool any = false;
  for (const auto& field : of.headers) {
    if (!same(field.name, "Accept")) continue;
    auto rest = field.value;
    while (!rest.empty()) {
      const auto end = rest.find(',');
      const auto part = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      const auto semicolon = part.find(';');
      const auto range = trim(part.substr(0, semicolon));
      if (range.empty()) continue;
      any = true;
      const int how = precision(range, media_type);
      if (how == 0 || how < best) continue;
      best = how;
      good = semicolon == std::string_view::npos || !has_zero_quality(part.substr(semicolon + 1));
    }
  }
  return !any || (best > 0 && good);
}

}  // namespace foldlog::http
