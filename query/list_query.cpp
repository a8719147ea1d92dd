#include "query/list_query.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/bytes.h"
#include "core/base/names.h"
#include "core/store/view_layout.h"
#include "query/cursor.h"

namespace foldlog::query {
namespace {

constexpr std::size_t limit_max = 1000;

template <typename Value>
using parsed = std::expected<Value, http::problem>;

std::unexpected<http::problem> bad_parameter(std::string detail) {
  return std::unexpected(http::problem{.kind = http::problem_kind::invalid_parameter, .detail = std::move(detail)});
}

void raise_lower(key_range& range, std::string bound) {
  if (bound > range.lower) range.lower = std::move(bound);
}
void cut_upper(key_range& range, std::optional<std::string> bound) {
  if (bound && (!range.upper || *bound < *range.upper)) range.upper = std::move(bound);
}

// The bytes with which all entries of this value begin.
parsed<std::string> ordered_value(const index_model& index, std::string_view parameter, const std::string& text) {
  std::string bytes;
  if (index.kind == index_kind::text) {
    view_layout::append_index_value(bytes, text);
    return bytes;
  }
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) {
    return bad_parameter(
        fmt::format("'{}' must be an integer of 64 bits: the index '{}' sorts by numbers", parameter, index.name));
  }
  view_layout::append_index_value(bytes, number);
  return bytes;
}

// An ordered text ends with two bytes that close it; without them it is what all longer texts begin with.
std::string ordered_prefix(const std::string& text) {
  std::string bytes;
  view_layout::append_index_value(bytes, text);
  bytes.resize(bytes.size() - 2);
  return bytes;
}

parsed<key_range> bounds_on_key(const http::query_parameters& parameters) {
  if (parameters.find("value") != nullptr) return bad_parameter("'value' needs an 'index'");
  key_range range;
  if (const auto* from = parameters.find("from")) raise_lower(range, *from);
  if (const auto* to = parameters.find("to")) cut_upper(range, *to);
  if (const auto* prefix = parameters.find("prefix")) {
    raise_lower(range, *prefix);
    cut_upper(range, after_prefix(*prefix));
  }
  return range;
}

parsed<key_range> bounds_on_index(const index_model& index, const http::query_parameters& parameters) {
  key_range range;
  for (const std::string_view name : {"from", "to", "value"}) {
    const auto* text = parameters.find(name);
    if (text == nullptr) continue;
    auto bound = ordered_value(index, name, *text);
    if (!bound) return std::unexpected(bound.error());
    if (name == "value") cut_upper(range, after_prefix(*bound));
    if (name == "to") cut_upper(range, *bound);
    if (name != "to") raise_lower(range, *bound);
  }
  if (const auto* prefix = parameters.find("prefix")) {
    if (index.kind == index_kind::integer) {
      return bad_parameter(fmt::format("the index '{}' sorts by numbers and takes no 'prefix'", index.name));
    }
    const auto bound = ordered_prefix(*prefix);
    raise_lower(range, bound);
    cut_upper(range, after_prefix(bound));
  }
  return range;
}

parsed<const index_model*> parse_index(const view_model& view, const http::query_parameters& parameters) {
  const auto* name = parameters.find("index");
  if (name == nullptr) return nullptr;
  const auto* index = view.find_index(*name);
  if (index == nullptr) return bad_parameter(fmt::format("the view '{}' has no such index", view.name));
  return index;
}

parsed<bool> parse_descending(const http::query_parameters& parameters) {
  const auto* order = parameters.find("order");
  if (order == nullptr || *order == "asc") return false;
  if (*order == "desc") return true;
  return bad_parameter("'order' must be 'asc' or 'desc'");
}

parsed<void> check_texts(const http::query_parameters& parameters) {
  for (const std::string_view name : {"prefix", "from", "to", "value"}) {
    const auto* text = parameters.find(name);
    if (text != nullptr && !is_valid_utf8(*text)) return bad_parameter(fmt::format("'{}' must be UTF-8", name));
  }
  return {};
}

std::string make_identity(std::string_view domain, const view_model& view, bool descending,
                          const http::query_parameters& parameters) {
  std::string identity;
  put_string(identity, domain);
  put_string(identity, view.name);
  put_varint(identity, descending ? 1 : 0);
  for (const std::string_view name : {"prefix", "from", "to", "index", "value"}) {
    const auto* text = parameters.find(name);
    put_varint(identity, text == nullptr ? 0 : 1);
    if (text != nullptr) put_string(identity, *text);
  }
  return identity;
}

// What the cursor's entry leaves of the range.
void go_on_after(list_query& query, std::string last) {
  if (query.descending) {
    cut_upper(query.range, std::move(last));
  } else {
    raise_lower(query.range, last + '\0');
  }
}

}  // namespace

std::optional<std::string> after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

std::expected<std::size_t, http::problem> parse_limit(const http::query_parameters& parameters) {
  const auto* text = parameters.find("limit");
  if (text == nullptr) return 100;
  std::size_t limit = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (code != std::errc() || end != text->data() + text->size() || limit < 1 || limit > limit_max) {
    return bad_parameter("'limit' must be a number from 1 to 1000");
  }
  return limit;
}

std::expected<list_query, http::problem> parse_list_query(std::string_view domain, const view_model& view,
                                                          const http::query_parameters& parameters) {
  list_query query;
  const auto limit = parse_limit(parameters);
  if (!limit) return std::unexpected(limit.error());
  query.limit = *limit;
  if (auto sound = check_texts(parameters); !sound) return std::unexpected(sound.error());
  const auto descending = parse_descending(parameters);
  if (!descending) return std::unexpected(descending.error());
  query.descending = *descending;
  const auto index = parse_index(view, parameters);
  if (!index) return std::unexpected(index.error());
  query.index = *index;
  auto range = query.index != nullptr ? bounds_on_index(*query.index, parameters) : bounds_on_key(parameters);
  if (!range) return std::unexpected(range.error());
  query.range = std::move(*range);
  query.identity = make_identity(domain, view, query.descending, parameters);
  if (const auto* text = parameters.find("cursor")) {
    auto last = decode_cursor(query.identity, *text);
    if (!last) {
      return std::unexpected(http::problem{.kind = http::problem_kind::invalid_cursor,
                                           .detail = "the cursor was altered or belongs to another query"});
    }
    go_on_after(query, std::move(*last));
  }
  return query;
}

}  // namespace foldlog::query
