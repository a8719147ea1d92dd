#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "projections/projection.h"
#include "schemas/codec.h"

namespace foldlog {

/// The events of one commit, decoded once for all projections of their category.
class decoded_events {
 public:
  virtual ~decoded_events() = default;
  virtual void clear() = 0;
  /// Adds an event. Errors: not_found (no such type in the category), invalid (the data does not fit it).
  [[nodiscard]] virtual result<void> add(std::string_view type, json::element data) = 0;
};

/// One view in one partition: what changes its rows.
class view_fold {
 public:
  virtual ~view_fold() = default;
  /// Hands the event to its handler; throws what that throws.
  virtual void fold(const decoded_events& commit, std::size_t index, const event_context& at) = 0;
  void begin_commit() {
    for (auto* rows : scope_.all()) rows->begin_commit();
  }
  void undo_commit() {
    for (auto* rows : scope_.all()) rows->undo_commit();
  }
  void write(store_batch& into) {
    for (auto* rows : scope_.all()) rows->write(into);
  }
  void written() {
    for (auto* rows : scope_.all()) rows->written();
  }
  [[nodiscard]] std::size_t dirty_bytes() const {
    std::size_t bytes = 0;
    for (const auto* rows : scope_.all()) bytes += rows->dirty_bytes();
    return bytes;
  }

 protected:
  explicit view_fold(view_scope scope) : scope_(std::move(scope)) {}
  view_scope scope_;
};

/// A projection as the runner knows it; made by make_projection(). Immutable, any thread.
class projection {
 public:
  struct index {
    std::string name;
    bool integer = false;  ///< its values are integers, else text
  };

  virtual ~projection() = default;
  [[nodiscard]] const std::string& topic() const { return topic_; }  ///< `<domain>.<category>`
  [[nodiscard]] const std::string& domain() const { return domain_; }
  [[nodiscard]] const std::string& view() const { return view_; }
  [[nodiscard]] const std::vector<index>& indexes() const { return indexes_; }

  /// `cache_bytes`: of each of its views and tables in one partition.
  [[nodiscard]] virtual std::unique_ptr<view_fold> open(const store& from, std::size_t cache_bytes) const = 0;
  [[nodiscard]] virtual std::unique_ptr<decoded_events> make_events() const = 0;
  [[nodiscard]] virtual const std::type_info& event_variant() const = 0;

 protected:
  projection(std::string_view topic, std::string_view view, std::vector<index> indexes)
      : topic_(topic), domain_(topic.substr(0, topic.find('.'))), view_(view), indexes_(std::move(indexes)) {}

 private:
  std::string topic_;
  std::string domain_;
  std::string view_;
  std::vector<index> indexes_;
};

/// All projections of a node. Those of one topic must share their event variant.
using projection_list = std::vector<std::shared_ptr<const projection>>;

/// What make_projection() takes: see projection.h.
template <typename T>
concept projection_class = requires(T projection) {
  { T::topic } -> std::convertible_to<std::string_view>;
  { T::view } -> std::convertible_to<std::string_view>;
  typename T::event;
} && std::constructible_from<T, view_scope&>;

template <typename Variant>
class category_events final : public decoded_events {
 public:
  explicit category_events(std::string_view topic) : type_begin_(topic.substr(0, topic.find('.'))) {
    type_begin_ += '.';
  }

  void clear() override { events_.clear(); }
  [[nodiscard]] result<void> add(std::string_view type, json::element data) override {
    const auto name_end = type.rfind(".v");
    std::uint32_t version = 0;
    bool good = type.starts_with(type_begin_) && name_end != std::string_view::npos && name_end >= type_begin_.size() &&
                name_end + 2 < type.size() && type.size() < name_end + 11;
    for (std::size_t i = name_end + 2; good && i < type.size(); ++i) {
      good = type[i] >= '0' && type[i] <= '9';
      version = version * 10 + static_cast<std::uint32_t>(type[i] - '0');
    }
    if (!good) return fail(error_kind::not_found, std::string(type) + " is not known");
    auto event =
        event_codec<Variant>::read(type.substr(type_begin_.size(), name_end - type_begin_.size()), version, data);
    if (!event) return std::unexpected(std::move(event.error()));
    events_.push_back(*std::move(event));
    return {};
  }
  void add(Variant event) { events_.push_back(std::move(event)); }
  [[nodiscard]] const Variant& operator[](std::size_t index) const { return events_[index]; }

 private:
  std::string type_begin_;  ///< `<domain>.`
  std::vector<Variant> events_;
};

namespace projection_detail {

template <typename T>
class typed_view_fold final : public view_fold {
 public:
  explicit typed_view_fold(view_scope scope) : view_fold(std::move(scope)), handlers_(scope_) {}
  void fold(const decoded_events& commit, std::size_t index, const event_context& at) override {
    const auto& events = static_cast<const category_events<typename T::event>&>(commit);
    std::visit([&](const auto& event) { handlers_.on(event, at); }, events[index]);
  }

 private:
  T handlers_;
};

template <typename T>
std::vector<projection::index> indexes_of() {
  std::vector<projection::index> all;
  if constexpr (requires { T::indexes; }) {
    for (const auto& index : T::indexes) all.push_back({std::string(index.name), index.member.index() == 1});
  }
  return all;
}

template <typename T>
class typed_projection final : public projection {
 public:
  typed_projection() : projection(T::topic, T::view, indexes_of<T>()) {}
  [[nodiscard]] std::unique_ptr<view_fold> open(const store& from, std::size_t cache_bytes) const override {
    return std::make_unique<typed_view_fold<T>>(view_scope(from, domain(), view(), cache_bytes));
  }
  [[nodiscard]] std::unique_ptr<decoded_events> make_events() const override {
    return std::make_unique<category_events<typename T::event>>(topic());
  }
  [[nodiscard]] const std::type_info& event_variant() const override { return typeid(typename T::event); }
};

}  // namespace projection_detail

template <projection_class T>
[[nodiscard]] std::shared_ptr<const projection> make_projection() {
  return std::make_shared<projection_detail::typed_projection<T>>();
}

}  // namespace foldlog
