#include "schemas/json_pointer.h"

namespace foldlog::json {

std::string take_key(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const auto text = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(text.size());
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '~' && i + 1 < text.size();
    key.push_back(!escaped ? text[i] : text[++i] == '1' ? '/' : '~');
  }
  return key;
}

std::optional<element> find_child(element parent, const std::string& key) {
  if (parent.kind() == kind::object) return parent.find(key);
  std::size_t index = 0;
  for (const auto item : parent.items()) {
    if (std::to_string(index++) == key) return item;
  }
  return std::nullopt;
}

std::optional<element> find_pointer(element root, std::string_view pointer) {
  std::optional<element> found = root;
  while (found && !pointer.empty()) {
    if (pointer.front() != '/') return std::nullopt;
    found = find_child(*found, take_key(pointer));
  }
  return found;
}

}  // namespace foldlog::json
