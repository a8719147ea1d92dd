#include "core/http/router.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "core/http/response_writer.h"

namespace foldlog::http {
namespace {

// In the order of preference.
enum class segment_kind : char { fixed, name, rest };

struct segment {
  segment_kind kind;
  std::string text;
};

std::vector<segment> compile(std::string_view pattern) {
  assert(pattern.starts_with('/') && "a route's pattern begins with a slash");
  std::vector<segment> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const auto text = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(text.size());
    const bool named = text.starts_with('{') && text.ends_with('}');
    const bool rest = named && text.ends_with("...}");
    assert((!rest || pattern.empty()) && "a name with dots ends its pattern");
    segments.push_back({rest    ? segment_kind::rest
                        : named ? segment_kind::name
                                : segment_kind::fixed,
                        std::string(text)});
  }
  return segments;
}

bool same_fixed(std::string_view sent, std::string_view fixed) {
  if (!sent.contains('%')) return sent == fixed;
  std::string decoded;
  return percent_decode(sent, decoded) && decoded == fixed;
}

// Walks path and segments together; `take` gets what each name matched, still encoded.
template <typename Take>
bool match(std::string_view path, const std::vector<segment>& segments, Take take) {
  for (const auto& each : segments) {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
    if (each.kind == segment_kind::rest) {
      take(path);
      return !path.empty();
    }
    const auto sent = path.substr(0, path.find('/'));
    if (each.kind == segment_kind::fixed ? !same_fixed(sent, each.text) : sent.empty()) return false;
    if (each.kind == segment_kind::name) take(sent);
    path.remove_prefix(sent.size());
  }
  return path.empty();
}

bool matches(std::string_view path, const std::vector<segment>& segments) {
  return match(path, segments, [](std::string_view) {});
}

bool preferred(const std::vector<segment>& left, const std::vector<segment>& right) {
  return std::ranges::lexicographical_compare(left, right, {}, &segment::kind, &segment::kind);
}

// The methods that stand in Allow, in its order.
class method_set {
 public:
  void insert(method of) {
    has_[static_cast<std::size_t>(of)] = true;
    if (of == method::get) insert(method::head);
  }
  [[nodiscard]] std::string allow() const {
    std::string text;
    for (std::size_t i = 0; i < has_.size(); ++i) {
      if (has_[i]) text.append(text.empty() ? "" : ", ").append(name(static_cast<method>(i)));
    }
    return text;
  }

 private:
  std::array<bool, static_cast<std::size_t>(method::other)> has_{};
};

void answer_options(const method_set& allowed, responder& answer) {
  response none{
      .status = status::no_content, .content_type = {}, .fields = {}, .body = {}, .close = false, .stream = {}};
  none.add("Allow", allowed.allow());
  answer(std::move(none));
}

void answer_not_allowed(const method_set& allowed, responder& answer) {
  auto refusal = render({.kind = problem_kind::method_not_allowed, .detail = "this path does not take this method"});
  refusal.add("Allow", allowed.allow());
  answer(std::move(refusal));
}

bool decode_parts(std::string_view path, const std::vector<segment>& segments, path_parts& parts) {
  bool decodable = true;
  match(path, segments,
        [&](std::string_view sent) { decodable = percent_decode(sent, parts.emplace_back()) && decodable; });
  return decodable;
}

std::string fields_of(const route_marks& marks) {
  response bearer;
  if (!marks.accept_query.empty()) bearer.add("Accept-Query", marks.accept_query);
  if (marks.deprecated_since) bearer.add("Deprecation", "@" + std::to_string(*marks.deprecated_since));
  if (marks.sunset) bearer.add("Sunset", http_date(*marks.sunset));
  return bearer.fields;
}

responder marked(responder answer, std::string_view fields) {
  return [fields, answer = std::move(answer)](response given) mutable {
    given.fields.append(fields);
    answer(std::move(given));
  };
}

}  // namespace

struct router::route {
  http::method method;
  std::string pattern;
  std::vector<segment> segments;
  handler with;
  route_marks marks;
  std::string fields;  ///< what the marks add to each answer
};

router::router() = default;
router::~router() = default;

void router::add(method of, std::string_view pattern, handler with, route_marks marks) {
  auto added = std::make_unique<route>(
      route{of, std::string(pattern), compile(pattern), std::move(with), marks, fields_of(marks)});
  // Kept in the order of preference: the first that matches is the one.
  const auto place = std::ranges::upper_bound(routes_, added->segments, preferred,
                                              [](const auto& each) -> const auto& { return each->segments; });
  routes_.insert(place, std::move(added));
}

result<void> router::deprecate(method of, std::string_view pattern, std::int64_t since,
                               std::optional<std::int64_t> sunset) {
  const auto found =
      std::ranges::find_if(routes_, [&](const auto& each) { return each->method == of && each->pattern == pattern; });
  if (found == routes_.end()) {
    return fail(error_kind::invalid, "there is no route " + std::string(name(of)) + " " + std::string(pattern));
  }
  // RFC 9745, 4: a sunset is not before the deprecation.
  if (sunset && *sunset < since) {
    return fail(error_kind::invalid, "the sunset of " + std::string(pattern) + " is before its deprecation");
  }
  auto& marks = (*found)->marks;
  marks.deprecated_since = since;
  marks.sunset = sunset;
  (*found)->fields = fields_of(marks);
  return {};
}

std::vector<router::entry> router::entries() const {
  std::vector<entry> all;
  all.reserve(routes_.size());
  for (const auto& each : routes_) all.push_back({each->method, each->pattern, each->marks});
  return all;
}

std::string_view router::handle(const request& of, responder answer) const {
  if (of.method == method::other) {
    answer(render({.kind = problem_kind::not_implemented, .detail = "this server does not know the method"}));
    return {};
  }
  const auto wanted = of.method == method::head ? method::get : of.method;
  for (const auto& each : routes_) {
    if (each->method != wanted || !matches(of.path, each->segments)) continue;
    if (!each->fields.empty()) answer = marked(std::move(answer), each->fields);
    path_parts parts;
    if (decode_parts(of.path, each->segments, parts)) {
      each->with(of, parts, std::move(answer));
    } else {
      answer(render({.kind = problem_kind::malformed_request, .detail = "the path has a malformed percent escape"}));
    }
    return each->pattern;
  }
  return handle_without_route(of, std::move(answer));
}

// OPTIONS, and everything that no route takes.
std::string_view router::handle_without_route(const request& of, responder answer) const {
  method_set here;
  method_set anywhere;
  here.insert(method::options);
  anywhere.insert(method::options);
  std::string_view pattern;
  std::string_view query_fields;
  for (const auto& each : routes_) {
    anywhere.insert(each->method);
    if (!matches(of.path, each->segments)) continue;
    here.insert(each->method);
    if (each->method == method::query) query_fields = each->fields;
    if (pattern.empty()) pattern = each->pattern;
  }
  const bool whole_server = of.path == "*" && of.method == method::options;
  const bool never_taken = of.method == method::connect || of.method == method::trace;
  if (pattern.empty() && !whole_server && !never_taken) {
    answer(render({.kind = problem_kind::unknown_route, .detail = "no route of this server has this path"}));
    return {};
  }
  if (!query_fields.empty()) answer = marked(std::move(answer), query_fields);
  const auto& allowed = pattern.empty() ? anywhere : here;
  of.method == method::options ? answer_options(allowed, answer) : answer_not_allowed(allowed, answer);
  return pattern;
}

}  // namespace foldlog::http
