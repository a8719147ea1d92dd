#include "query/read_model.h"

#include <algorithm>

namespace foldlog::query {
namespace {

template <typename Thing>
const Thing* find_named(const std::vector<Thing>& things, std::string_view name) {
  const auto found = std::ranges::find_if(things, [&](const Thing& thing) { return thing.name == name; });
  return found == things.end() ? nullptr : &*found;
}

}  // namespace

const index_model* view_model::find_index(std::string_view wanted) const { return find_named(indexes, wanted); }
const view_model* domain_model::find_view(std::string_view view) const { return find_named(views, view); }
const category_model* domain_model::find_category(std::string_view category) const {
  return find_named(categories, category);
}

std::vector<std::string> domain_model::topics() const {
  std::vector<std::string> all;
  for (const auto& category : categories) all.push_back(name + '.' + category.name);
  return all;
}

const domain_model* read_model::find(std::string_view domain) const { return find_named(domains, domain); }

bool read_model::has_topic(std::string_view topic) const {
  return std::ranges::any_of(domains, [&](const domain_model& domain) {
    return topic.size() > domain.name.size() && topic.starts_with(domain.name) && topic[domain.name.size()] == '.' &&
           domain.find_category(topic.substr(domain.name.size() + 1)) != nullptr;
  });
}

}  // namespace foldlog::query
