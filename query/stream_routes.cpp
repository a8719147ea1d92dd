#include "query/stream_routes.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <charconv>
#include <expected>
#include <utility>

#include "core/base/hash.h"
#include "core/base/planted.h"
#include "core/http/negotiation.h"
#include "query/event_json.h"
#include "query/failure.h"
#include "query/freshness.h"
#include "query/list_query.h"
#include "query/next_link.h"
#include "query/stream_events.h"

namespace foldlog::query {
namespace {

using http::problem;
using http::problem_kind;
using http::refuse;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view doing = "reading a stream failed";
constexpr std::size_t events_per_step = 500;  ///< of a state's fold: others have their turn in between

struct stream_request {
  stream_name stream;
  const category_model* category = nullptr;
  freshness asked;
  version_t from{1};
  std::size_t limit = 100;
  std::string next;             ///< events: the address of the next page, up to its version
  std::optional<version_t> to;  ///< a state: folded to this version, else to the newest
};

std::expected<version_t, problem> parse_version(const std::string& text, std::string_view name) {
  std::uint64_t version = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), version);
  const bool whole = end == text.data() + text.size() && !text.empty();
  if (whole && code == std::errc::result_out_of_range) version = ~std::uint64_t{0};  // beyond every end
  if (!whole || version < 1) {
    return refuse(problem_kind::invalid_parameter, fmt::format("'{}' must be a version: 1, 2, 3 ...", name));
  }
  return version_t{version};
}

std::expected<stream_request, problem> parse_stream(const query_context& context, const http::request& request,
                                                    const http::path_parts& parts) {
  stream_request wanted;
  const auto* domain = context.model->find(parts[0]);
  wanted.category = domain == nullptr ? nullptr : domain->find_category(parts[1]);
  if (wanted.category == nullptr) return refuse(problem_kind::unknown_route, "there is no such domain or category");
  if (!http::accepts(request, json_type))
    return refuse(problem_kind::not_acceptable, "streams are given as application/json");
  if (!is_stream_id(parts[2])) {
    return refuse(problem_kind::invalid_id, "an id is 1 to 128 bytes of A-Z a-z 0-9 . _ ~ : @ -, not '.' or '..'");
  }
  wanted.stream = {parts[0], parts[1], parts[2]};
  return wanted;
}

std::expected<stream_request, problem> with_freshness(stream_request wanted, const query_context& context,
                                                      const http::request& request,
                                                      const http::query_parameters& parameters) {
  auto asked = parse_freshness(request, parameters, context.model->find(wanted.stream.domain)->topics(),
                               context.log->partitions());
  if (!asked) return std::unexpected(asked.error());
  wanted.asked = std::move(*asked);
  return wanted;
}

std::expected<stream_request, problem> parse_events_request(const query_context& context, const http::request& request,
                                                            const http::path_parts& parts) {
  auto wanted = parse_stream(context, request, parts);
  if (!wanted) return wanted;
  const auto parameters = http::parse_query(request.query, {"from_version", "limit", "token"});
  if (!parameters) return std::unexpected(parameters.error());
  if (const auto* text = parameters->find("from_version")) {
    const auto from = parse_version(*text, "from_version");
    if (!from) return std::unexpected(from.error());
    wanted->from = *from;
  }
  const auto limit = parse_limit(*parameters);
  if (!limit) return std::unexpected(limit.error());
  wanted->limit = *limit;
  wanted->next = address_with(request, "from_version");
  return with_freshness(std::move(*wanted), context, request, *parameters);
}

std::expected<stream_request, problem> parse_state_request(const query_context& context, const http::request& request,
                                                           const http::path_parts& parts) {
  auto wanted = parse_stream(context, request, parts);
  if (!wanted) return wanted;
  if (!wanted->category->make_state)
    return refuse(problem_kind::unknown_route, "the streams of this category have no state: clients fold them");
  const auto parameters = http::parse_query(request.query, {"version", "token"});
  if (!parameters) return std::unexpected(parameters.error());
  if (const auto* text = parameters->find("version")) {
    const auto to = parse_version(*text, "version");
    if (!to) return std::unexpected(to.error());
    wanted->to = *to;
  }
  return with_freshness(std::move(*wanted), context, request, *parameters);
}

// A moment of the stream table, and what it shows of the stream.
struct sight {
  std::shared_ptr<const moment> at;
  version_t newest{0};
};

std::expected<sight, problem> look(const query_context& context, const stream_request& wanted, bool fresh) {
  const auto topics = context.model->find(wanted.stream.domain)->topics();
  auto at = context.moments->look(context, wanted.stream.domain, view_layout::stream_view, topics);
  if (!at) return std::unexpected(failure(at.error(), doing));
  if (!fresh) return std::unexpected(projection_behind((*at)->reached));
  const auto newest = newest_version(*(*at)->rows, wanted.stream);
  if (!newest) return std::unexpected(failure(newest.error(), doing));
  if (*newest == version_t{0}) return refuse(problem_kind::no_such_stream, "there is no such stream");
  return sight{std::move(*at), *newest};
}

http::response json_answer(std::string body, const sight& now) {
  http::response answer;
  answer.status = http::status::ok;
  answer.content_type = json_type;
  answer.body = std::move(body);
  answer.add("Foldlog-Position", now.at->position);
  return answer;
}

// ---- events

http::response render_events(const query_context& context, const stream_request& wanted, const sight& now,
                             const std::vector<record>& events) {
  const auto topic = wanted.stream.topic();
  const event_place place{topic, partition_of(wanted.stream.id, context.log->partitions())};
  std::string body = fmt::format(R"({{"stream":"{}","version":{},"events":[)", wanted.stream.text(), raw(now.newest));
  for (const auto& event : events) {
    if (body.back() != '[') body += ',';
    body += '{';
    append_event_members(body, event, place);
    body += '}';
  }
  const auto after = wanted.from + events.size();
  const bool more = !events.empty() && after <= now.newest;
  body += more ? fmt::format(R"(],"next":{}}})", raw(after)) : R"(],"next":null})";
  auto answer = json_answer(std::move(body), now);
  if (more) answer.add("Link", next_link(wanted.next, std::to_string(raw(after))));
  return answer;
}

void answer_events(std::shared_ptr<const query_context> context, stream_request wanted, bool fresh,
                   http::responder respond) {
  auto now = look(*context, wanted, fresh);
  if (!now) return respond(http::render(now.error()));
  std::vector<view_layout::stream_entry> entries;
  if (wanted.from <= now->newest) {
    auto read = read_entries(*now->at->rows, wanted.stream, wanted.from, wanted.limit);
    if (!read) return respond(http::render(failure(read.error(), doing)));
    entries = std::move(*read);
  }
  const auto stream = wanted.stream;
  const auto from = wanted.from;
  load_events(*context, stream, from, std::move(entries),
              [context, wanted = std::move(wanted), now = std::move(*now),
               respond = std::move(respond)](result<stream_events> loaded) mutable {
                if (!loaded) return respond(http::render(failure(loaded.error(), doing)));
                respond(render_events(*context, wanted, now, loaded->events));
              });
}

// ---- state

// Folds a stream step by step; lives as long as a step of it is under way.
class state_reading : public std::enable_shared_from_this<state_reading> {
 public:
  state_reading(std::shared_ptr<const query_context> context, stream_request wanted, sight now, http::responder respond)
      : context_(std::move(context)),
        wanted_(std::move(wanted)),
        now_(std::move(now)),
        to_(wanted_.to.value_or(now_.newest)),
        last_(planted(defect::state_one_version_late) && to_ < now_.newest ? to_ + 1 : to_),
        fold_(wanted_.category->make_state()),
        respond_(std::move(respond)) {}

  void step() {
    const auto left = raw(last_) - raw(next_) + 1;
    auto entries = read_entries(*now_.at->rows, wanted_.stream, next_, std::min<std::uint64_t>(left, events_per_step));
    if (!entries) return fail_with(entries.error());
    if (entries->empty())
      return fail_with({error_kind::damaged, "the stream table ends before the stream's last version"});
    load_events(*context_, wanted_.stream, next_, std::move(*entries),
                [self = shared_from_this()](const result<stream_events>& loaded) { self->apply(loaded); });
  }

 private:
  void apply(const result<stream_events>& loaded) {
    if (!loaded) return fail_with(loaded.error());
    for (const auto& event : loaded->events) {
      const auto applied = fold_->apply({event.type, event.value, event.version, event.time});
      if (!applied) return fail_with(applied.error());
    }
    next_ = next_ + loaded->events.size();
    if (next_ > last_) return finish();
    boost::asio::post(context_->executor, [self = shared_from_this()] { self->step(); });
  }

  void finish() {
    respond_(json_answer(
        fmt::format(R"({{"stream":"{}","version":{},"state":{}}})", wanted_.stream.text(), raw(to_), fold_->json()),
        now_));
  }
  void fail_with(const error& cause) { respond_(http::render(failure(cause, doing))); }

  std::shared_ptr<const query_context> context_;
  stream_request wanted_;
  sight now_;
  version_t to_;
  version_t last_;  ///< the last one that is folded: `to_`
  version_t next_{1};
  std::unique_ptr<state_fold> fold_;
  http::responder respond_;
};

void answer_state(std::shared_ptr<const query_context> context, stream_request wanted, bool fresh,
                  http::responder respond) {
  auto now = look(*context, wanted, fresh);
  if (!now) return respond(http::render(now.error()));
  if (wanted.to && *wanted.to > now->newest) {
    return respond(http::render({.kind = problem_kind::invalid_parameter,
                                 .detail = fmt::format("the stream ends at version {}", raw(now->newest))}));
  }
  std::make_shared<state_reading>(std::move(context), std::move(wanted), std::move(*now), std::move(respond))->step();
}

// Parses while the request is there, answers when the streams are folded far enough.
template <auto parse, auto answer>
http::handler make_handler(std::shared_ptr<const query_context> context) {
  return [context = std::move(context)](const http::request& request, const http::path_parts& parts,
                                        http::responder respond) {
    auto wanted = parse(*context, request, parts);
    if (!wanted) return respond(http::render(wanted.error()));
    const auto asked = wanted->asked;
    const auto domain = wanted->stream.domain;
    when_fresh(*context, domain, view_layout::stream_view, asked,
               [context, wanted = std::move(*wanted), respond = std::move(respond)](bool fresh) mutable {
                 answer(context, std::move(wanted), fresh, std::move(respond));
               });
  };
}

}  // namespace

void add_stream_routes(http::router& to, std::shared_ptr<const query_context> context) {
  to.add(http::method::get, "/v1/streams/{domain}/{category}/{id}",
         make_handler<parse_events_request, answer_events>(context));
  to.add(http::method::get, "/v1/streams/{domain}/{category}/{id}/state",
         make_handler<parse_state_request, answer_state>(std::move(context)));
}

}  // namespace foldlog::query
