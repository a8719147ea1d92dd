#include "core/base/position.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/names.h"

namespace foldlog {
namespace {

template <typename Integer>
bool parse_number(std::string_view text, Integer& number) {
  if (text.empty() || (text.size() > 1 && text[0] == '0') || text[0] == '-' || text[0] == '+') return false;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size();
}

bool is_topic(std::string_view text) {
  const auto dot = text.find('.');
  return dot != std::string_view::npos && is_name(text.substr(0, dot)) && is_name(text.substr(dot + 1));
}

auto place(std::vector<position>& positions, std::string_view topic, std::int32_t partition) {
  return std::ranges::lower_bound(positions, std::pair(topic, partition), {}, [](const position& p) {
    return std::pair(std::string_view(p.at.topic), p.at.partition);
  });
}

}  // namespace

result<position> position::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto at = text.rfind('@');
  const auto bad = [&] {
    return fail(error_kind::invalid, fmt::format("'{}' is no position: expected <topic>/<partition>@<offset>", text));
  };
  if (slash == std::string_view::npos || at == std::string_view::npos || at < slash) return bad();
  position parsed;
  parsed.at.topic = text.substr(0, slash);
  std::int64_t offset = 0;
  if (!is_topic(parsed.at.topic) || !parse_number(text.substr(slash + 1, at - slash - 1), parsed.at.partition))
    return bad();
  if (!parse_number(text.substr(at + 1), offset)) return bad();
  parsed.offset = offset_t{offset};
  return parsed;
}

std::string position::text() const { return fmt::format("{}/{}@{}", at.topic, at.partition, raw(offset)); }

result<token> token::parse(std::string_view text) {
  token parsed;
  while (true) {
    const auto comma = text.find(',');
    auto part = position::parse(text.substr(0, comma));
    if (!part) return std::unexpected(part.error());
    if (parsed.find(part->at.topic, part->at.partition) != no_offset) {
      return fail(error_kind::invalid, fmt::format("the token names {}/{} twice", part->at.topic, part->at.partition));
    }
    parsed.set(part->at.topic, part->at.partition, part->offset);
    if (comma == std::string_view::npos) return parsed;
    text.remove_prefix(comma + 1);
  }
}

std::string token::text() const {
  std::string joined;
  for (const auto& part : positions) {
    if (!joined.empty()) joined += ',';
    joined += part.text();
  }
  return joined;
}

offset_t token::find(std::string_view topic, std::int32_t partition) const {
  for (const auto& part : positions) {
    if (part.at.partition == partition && part.at.topic == topic) return part.offset;
  }
  return no_offset;
}

void token::set(std::string_view topic, std::int32_t partition, offset_t offset) {
  const auto found = place(positions, topic, partition);
  if (found != positions.end() && found->at.partition == partition && found->at.topic == topic) {
    found->offset = offset;
  } else {
    positions.insert(found, position{{std::string(topic), partition}, offset});
  }
}

}  // namespace foldlog
