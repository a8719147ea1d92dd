#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command/event_category.h"
#include "command/typed_category.h"
#include "projections/view_fold.h"
#include "schemas/embedded_schema.h"

namespace foldlog {

/// A named set of categories, projections and schemas, as a domain author hands it to the application:
///
///     foldlog::domain bank() {
///       return
///       foldlog::domain("bank").with_schemas(bank::schemas()).with_category<bank::account>().with_view<bank::accounts>();
///     }
class domain {
 public:
  explicit domain(std::string_view name) : name_(name) {}

  /// JSON Schemas of commands, events and rows; commands without one are taken as they come.
  domain& with_schemas(std::span<const embedded_schema> schemas) {
    schemas_.insert(schemas_.end(), schemas.begin(), schemas.end());
    return *this;
  }
  /// A decider (command/decider.h): its events go to the topic `<domain>.<category>`.
  template <decider Decider>
  domain& with_category() {
    categories_.push_back(std::make_shared<typed_category<Decider>>(name_));
    return *this;
  }
  /// A category whose events clients append (command/event_category.h).
  domain& with_events_of(std::string_view category, std::vector<std::string> event_types) {
    categories_.push_back(std::make_shared<event_category>(name_, category, std::move(event_types)));
    decided_by_clients_ = true;
    return *this;
  }
  /// What the schemas' texts live in, when they are not compiled in.
  domain& keep(std::shared_ptr<const void> texts) {
    kept_.push_back(std::move(texts));
    return *this;
  }
  /// A projection (projections/projection.h).
  template <projection_class Projection>
  domain& with_view() {
    projections_.push_back(make_projection<Projection>());
    return *this;
  }
  domain& with_views(const projection_list& more) {
    projections_.insert(projections_.end(), more.begin(), more.end());
    return *this;
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Of categories made by with_events_of() alone: clients append to its streams.
  [[nodiscard]] bool is_decided_by_clients() const { return decided_by_clients_; }
  [[nodiscard]] const std::vector<embedded_schema>& schemas() const { return schemas_; }
  [[nodiscard]] const std::vector<std::shared_ptr<const category>>& categories() const { return categories_; }
  [[nodiscard]] const projection_list& projections() const { return projections_; }

 private:
  std::string name_;
  std::vector<embedded_schema> schemas_;
  std::vector<std::shared_ptr<const category>> categories_;
  projection_list projections_;
  std::vector<std::shared_ptr<const void>> kept_;
  bool decided_by_clients_ = false;
};

}  // namespace foldlog
