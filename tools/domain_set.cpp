#include "tools/domain_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/names.h"

namespace foldlog {
namespace {

// The state of a stream as its decider folds it, for the read side.
class decider_fold final : public query::state_fold {
 public:
  explicit decider_fold(std::shared_ptr<const category> of) : category_(std::move(of)), state_(category_->initial()) {}

  result<void> apply(const query::event_view& event) override {
    const auto data = parser_.parse(event.data);
    if (!data) return std::unexpected(data.error());
    auto state = category_->evolve(*state_, event.type, *data);
    if (!state) return fail(error_kind::damaged, state.error().text);
    state_ = std::move(*state);
    return {};
  }
  std::string json() const override {
    std::string text;
    category_->save(text, *state_);
    return text;
  }

 private:
  std::shared_ptr<const category> category_;
  state_pointer state_;
  json::parser parser_;
};

// Every version of an event that has a schema may stand in a log: it must be readable, by an upcaster when it is older.
result<void> check_upcasters(const domain& of, const schema_registry& schemas) {
  for (const auto& category : of.categories()) {
    for (const auto& known : category->event_types()) {
      const auto newest = event_type::parse(known);
      if (!newest) return std::unexpected(newest.error());
      for (const auto& [key, entry] : schemas.entries()) {
        if (entry.domain != newest->domain || entry.name != newest->event) continue;
        const auto type = event_type{entry.domain, entry.name, entry.version}.text();
        if (std::ranges::find(category->event_types(), type) != category->event_types().end()) continue;
        return fail(
            error_kind::invalid,
            entry.version > newest->schema_version
                ? fmt::format("the event type {} has a schema, but the program knows only {}", type, known)
                : fmt::format("the event type {} has a schema, but no upcaster leads from it to {}", type, known));
      }
    }
  }
  return {};
}

std::string topic_of(const category& of) { return fmt::format("{}.{}", of.domain(), of.name()); }

}  // namespace

result<void> domain_set::add(domain more) {
  if (!is_name(more.name())) return fail(error_kind::invalid, fmt::format("'{}' is no domain name", more.name()));
  if (std::ranges::find(domains_, more.name(), &domain::name) != domains_.end()) {
    return fail(error_kind::conflict, fmt::format("the domain {} was added twice", more.name()));
  }
  for (const auto& category : more.categories()) {
    if (!is_name(category->name()))
      return fail(error_kind::invalid, fmt::format("'{}' is no category name", category->name()));
  }
  for (const auto& projection : more.projections()) {
    const bool known =
        std::ranges::any_of(more.categories(), [&](const auto& of) { return topic_of(*of) == projection->topic(); });
    if (!known) {
      return fail(error_kind::invalid, fmt::format("the view {} folds {}, which is no category of the domain",
                                                   projection->view(), projection->topic()));
    }
    if (!is_name(projection->view()))
      return fail(error_kind::invalid, fmt::format("'{}' is no view name", projection->view()));
  }
  if (auto added = schemas_.add(more.schemas()); !added) return added;
  if (auto checked = check_upcasters(more, schemas_); !checked) return checked;
  domains_.push_back(std::move(more));
  return {};
}

std::vector<std::string> domain_set::topics() const {
  std::vector<std::string> all;
  for (const auto& domain : domains_) {
    for (const auto& category : domain.categories()) all.push_back(topic_of(*category));
  }
  return all;
}

projection_list domain_set::projections() const {
  projection_list all;
  for (const auto& domain : domains_) all.insert(all.end(), domain.projections().begin(), domain.projections().end());
  return all;
}

const category* domain_set::find_category(std::string_view topic) const {
  for (const auto& domain : domains_) {
    for (const auto& category : domain.categories()) {
      if (topic_of(*category) == topic) return category.get();
    }
  }
  return nullptr;
}

std::vector<domain> domain_set::only(std::string_view name) const {
  std::vector<domain> found;
  std::ranges::copy_if(domains_, std::back_inserter(found), [&](const domain& one) { return one.name() == name; });
  return found;
}

std::shared_ptr<const query::read_model> domain_set::read_model() const {
  auto model = std::make_shared<query::read_model>();
  for (const auto& domain : domains_) {
    auto& shown = model->domains.emplace_back();
    shown.name = domain.name();
    for (const auto& projection : domain.projections()) {
      auto& view = shown.views.emplace_back();
      view.name = projection->view();
      view.topics = {projection->topic()};
      for (const auto& index : projection->indexes()) {
        view.indexes.push_back({index.name, index.integer ? query::index_kind::integer : query::index_kind::text});
      }
    }
    for (const auto& category : domain.categories()) {
      auto& category_shown = shown.categories.emplace_back();
      category_shown.name = category->name();
      category_shown.event_types = category->event_types();
      if (category->has_state())
        category_shown.make_state = [category] { return std::make_unique<decider_fold>(category); };
    }
  }
  return model;
}

}  // namespace foldlog
