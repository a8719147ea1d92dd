#include "core/cluster/announcement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <optional>

namespace foldlog {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

template <typename Integer>
std::optional<Integer> number(std::string_view text) {
  Integer value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// False: the value is none that this name may have.
bool take(announcement& to, std::string_view name, std::string_view value) {
  if (name == "cluster") return to.cluster = value, true;
  if (name == "instance") return to.instance = value, true;
  if (name == "version") return to.version = value, true;
  if (name == "endpoint") return to.endpoint = value, value.starts_with("http://");
  if (name == "topics") {
    for (const auto topic : split(value, ',')) to.topics.emplace_back(topic);
    return true;
  }
  if (name == "roles" || name == "serves") {
    if (name == "serves" && value.empty()) return true;
    auto roles = node_roles::parse(value);
    if (roles) (name == "roles" ? to.roles : to.serves) = *roles;
    return roles.has_value();
  }
  if (name == "partitions") {
    const auto count = number<std::int32_t>(value);
    return to.partitions = count.value_or(0), count && *count > 0;
  }
  if (name == "load") {
    const auto load = number<std::uint64_t>(value);
    return to.load = load.value_or(0), load.has_value();
  }
  if (name == "ttl-ms") {
    const auto time = number<std::int32_t>(value);
    return to.time_to_live = std::chrono::milliseconds(time.value_or(0)), time && *time > 0;
  }
  if (name != "owns") return true;
  for (const auto each : split(value, ',')) {
    auto at = position::parse(each);
    if (!at) return false;
    to.owns.push_back({std::move(at->at), at->offset});
  }
  return true;
}

}  // namespace

result<node_roles> node_roles::parse(std::string_view text) {
  node_roles roles;
  for (const auto role : split(text, ',')) {
    if (role == "command")
      roles.command = true;
    else if (role == "query")
      roles.query = true;
    else if (role == "front")
      roles.front = true;
    else
      return fail(error_kind::invalid, fmt::format("'{}' is no role (command, query, front)", role));
  }
  if (roles == node_roles{}) return fail(error_kind::invalid, "names no role (command, query, front)");
  return roles;
}

std::string node_roles::text() const {
  std::string all;
  for (const auto& [has, name] :
       {std::pair(command, "command"), std::pair(query, "query"), std::pair(front, "front")}) {
    if (has) all.append(all.empty() ? "" : ",").append(name);
  }
  return all;
}

std::string announcement::text() const {
  std::string own;
  for (const auto& each : owns) own.append(own.empty() ? "" : ",").append(position{each.at, each.claim}.text());
  return fmt::format(
      "foldlog-node: {}\ncluster: {}\ninstance: {}\nversion: {}\nroles: {}\nendpoint: {}\ntopics: {}\npartitions: {}\n"
      "serves: {}\nload: {}\nttl-ms: {}\nowns: {}\n",
      format, cluster, instance, version, roles.text(), endpoint, fmt::join(topics, ","), partitions, serves.text(),
      load, time_to_live.count(), own);
}

result<announcement> announcement::parse(std::string_view node, std::string_view text) {
  announcement made;
  made.node = node;
  std::string_view spoken;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(": ");
    const auto name = line.substr(0, colon);
    const auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 2);
    if (name == "foldlog-node")
      spoken = value;
    else if (!take(made, name, value))
      return fail(error_kind::invalid, fmt::format("the note of node {} has '{}' as {}", node, value, name));
  }
  if (spoken.empty()) return fail(error_kind::invalid, fmt::format("the note of {} is none of a node", node));
  if (spoken != std::to_string(format)) {
    return fail(error_kind::conflict,
                fmt::format("node {} speaks format {} of notes, this one {}", node, spoken, format));
  }
  return made;
}

}  // namespace foldlog
