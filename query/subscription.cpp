#include "query/subscription.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <expected>
#include <utility>

#include "core/http/negotiation.h"
#include "core/runtime/logging.h"
#include "core/store/view_layout.h"
#include "query/delivery.h"
#include "query/failure.h"

namespace foldlog::query {
namespace {

using http::problem;
using http::problem_kind;
using http::refuse;
using namespace std::chrono_literals;

constexpr std::string_view stream_type = "text/event-stream";
constexpr std::size_t untaken_bytes_max = 256U << 10;  ///< more than this is not read ahead of the client
constexpr read_limits one_turn{.records = 512, .bytes = 128U << 10};  ///< then others on the executor have theirs
constexpr auto comment_period = 15s;
constexpr auto retry_period = 1s;

struct subscription_request {
  std::string domain;
  std::string category;
  token after;  ///< of this category's topic only
  std::set<std::string, std::less<>> types;
};

// ---- what is asked

// Positions in other topics of this node are left out: a client may go on from the position of a view that reads
// several.
std::expected<token, problem> parse_after(const query_context& context, std::string_view topic, std::string_view text) {
  token after;
  if (text.empty()) return after;
  const auto parsed = token::parse(text);
  if (!parsed) return refuse(problem_kind::invalid_token, parsed.error().text);
  for (const auto& part : parsed->positions) {
    if (!context.model->has_topic(part.at.topic)) {
      return refuse(problem_kind::invalid_token, fmt::format("there is no topic '{}'", part.at.topic));
    }
    if (part.at.partition >= context.log->partitions()) {
      return refuse(problem_kind::invalid_token, fmt::format("there is no partition {}", part.at.partition));
    }
    if (part.at.topic == topic) after.set(topic, part.at.partition, part.offset);
  }
  return after;
}

std::expected<std::set<std::string, std::less<>>, problem> parse_types(const category_model& category,
                                                                       std::string_view text) {
  std::set<std::string, std::less<>> types;
  while (true) {
    const auto type = text.substr(0, text.find(','));
    if (std::ranges::find(category.event_types, type) == category.event_types.end()) {
      return refuse(problem_kind::invalid_parameter, "'types' names an event type that the category does not have");
    }
    types.emplace(type);
    if (type.size() == text.size()) return types;
    text.remove_prefix(type.size() + 1);
  }
}

std::expected<subscription_request, problem> parse_subscription(const query_context& context,
                                                                const http::request& request,
                                                                const http::path_parts& parts) {
  const auto* domain = context.model->find(parts[0]);
  const auto* category = domain == nullptr ? nullptr : domain->find_category(parts[1]);
  if (category == nullptr) return refuse(problem_kind::unknown_route, "there is no such domain or category");
  if (!http::accepts(request, stream_type))
    return refuse(problem_kind::not_acceptable, "events are given as text/event-stream");
  const auto parameters = http::parse_query(request.query, {"after", "types"});
  if (!parameters) return std::unexpected(parameters.error());
  subscription_request wanted{parts[0], parts[1], {}, {}};
  if (const auto* text = parameters->find("types")) {
    auto types = parse_types(*category, *text);
    if (!types) return std::unexpected(types.error());
    wanted.types = std::move(*types);
  }
  const auto last_id = request.header("Last-Event-ID").value_or("");
  const auto* in_query = parameters->find("after");
  auto after =
      parse_after(context, parts[0] + '.' + parts[1], !last_id.empty() || in_query == nullptr ? last_id : *in_query);
  if (!after) return std::unexpected(after.error());
  wanted.after = std::move(*after);
  return wanted;
}

// ---- where reading begins

struct beginning {
  offset_t from{0};
  arbiter::state judged;
};

// Right behind the nearest mark at or before what was delivered: there the arbiter's state is known, and all that is
// skipped was delivered. Without a mark from the first record, which is always right.
result<beginning> find_beginning(const store_snapshot& snapshot, const topic_partition& at, offset_t after) {
  if (after == no_offset) return beginning{};
  const auto marks = snapshot.iterate(view_layout::mark_prefix(at));
  marks->seek_for_prev(view_layout::mark_key(at, after));
  if (!marks->valid()) {
    if (auto sound = marks->status(); !sound) return std::unexpected(sound.error());
    return beginning{};
  }
  const auto judged = view_layout::decode_mark(marks->value());
  if (!judged) return fail(error_kind::damaged, fmt::format("a mark of {}/{} does not parse", at.topic, at.partition));
  return beginning{next(view_layout::mark_offset(marks->key())), *judged};
}

struct opening {
  std::vector<event_log::start> starts;
  std::vector<arbiter::state> judged;
};

result<opening> find_opening(const query_context& context, const std::string& topic, const token& after) {
  opening found;
  const auto& topics = context.log->topics();
  const auto number = static_cast<std::uint32_t>(std::ranges::find(topics, topic) - topics.begin());
  const auto snapshot = context.views->snapshot();
  for (std::int32_t partition = 0; partition < context.log->partitions(); ++partition) {
    auto begin = find_beginning(*snapshot, {topic, partition}, after.find(topic, partition));
    if (!begin) return std::unexpected(begin.error());
    found.starts.push_back({{number, partition}, begin->from});
    found.judged.push_back(begin->judged);
  }
  return found;
}

// ---- the subscription

// Lives as long as its client: the stream's handlers own it.
class subscription : public std::enable_shared_from_this<subscription> {
 public:
  subscription(std::shared_ptr<const query_context> context, subscription_request wanted, opening begin)
      : context_(std::move(context)),
        topic_(wanted.domain + '.' + wanted.category),
        starts_(std::move(begin.starts)),
        delivery_(std::move(wanted.domain), std::move(wanted.category), begin.judged, std::move(wanted.after),
                  std::move(wanted.types)) {}

  void start(std::shared_ptr<http::body_stream> to) {
    stream_ = std::move(to);
    stream_->on_closed([self = shared_from_this()] { self->close(); });
    if (!stream_) return;
    stream_->on_drained([self = shared_from_this()] { self->schedule(); });
    reader_ = context_->log->open_reader(std::move(starts_), [weak = weak_from_this(), executor = context_->executor] {
      boost::asio::post(executor, [weak] {
        if (const auto self = weak.lock()) self->schedule();
      });
    });
    comment_later();
    schedule();
  }

 private:
  // One turn at most is due at any time.
  void schedule() {
    if (std::exchange(due_, true)) return;
    boost::asio::post(context_->executor, [self = shared_from_this()] {
      self->due_ = false;
      self->turn();
    });
  }

  void turn() {
    if (!stream_ || retry_ || stream_->waiting() > untaken_bytes_max) return;  // on_drained and the alarm go on
    record_batch batch;
    if (const auto read = reader_->read(batch, one_turn); !read) return meet(read.error());
    if (batch.items.empty()) return;  // the ready handler goes on
    std::string events;
    for (const auto& [topic, partition, record] : batch.items) {
      if (!delivery_.feed(partition, record, events)) halt(topic, partition, record.offset);
    }
    if (!events.empty()) stream_->write(std::move(events));
    schedule();
  }

  void halt(std::uint32_t topic, std::int32_t partition, offset_t at) {
    log(log_level::error, "a subscription met damage and leaves the partition",
        {{"topic", topic_}, {"partition", partition}, {"offset", raw(at)}});
    reader_->pause({topic, partition});
  }

  void meet(const error& cause) {
    log(log_level::warning, "a subscription cannot read", {{"topic", topic_}, {"cause", cause.text}});
    if (cause.kind != error_kind::unavailable) return stream_->end();
    retry_ = context_->alarm(retry_period, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->retry_.reset();
      self->schedule();
    });
  }

  void comment_later() {
    comment_ = context_->alarm(comment_period, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || !self->stream_) return;
      if (self->stream_->waiting() <= untaken_bytes_max) self->stream_->write(": still here\n\n");
      self->comment_later();
    });
  }

  void close() {
    stream_.reset();
    reader_.reset();
    comment_.reset();
    retry_.reset();
  }

  std::shared_ptr<const query_context> context_;
  std::string topic_;
  std::vector<event_log::start> starts_;
  delivery delivery_;
  std::shared_ptr<http::body_stream> stream_;
  std::unique_ptr<log_reader> reader_;
  std::shared_ptr<void> comment_;
  std::shared_ptr<void> retry_;
  bool due_ = false;
};

void handle_subscription(const std::shared_ptr<const query_context>& context, const http::request& request,
                         const http::path_parts& parts, http::responder respond) {
  auto wanted = parse_subscription(*context, request, parts);
  if (!wanted) return respond(http::render(wanted.error()));
  auto begin = find_opening(*context, parts[0] + '.' + parts[1], wanted->after);
  if (!begin) return respond(http::render(failure(begin.error(), "opening a subscription failed")));
  http::response answer;
  answer.status = http::status::ok;
  answer.content_type = stream_type;
  answer.add("Cache-Control", "no-store");
  if (request.method == http::method::get) {
    auto begun = std::make_shared<subscription>(context, std::move(*wanted), std::move(*begin));
    answer.stream = [begun](std::shared_ptr<http::body_stream> to) { begun->start(std::move(to)); };
  }
  respond(std::move(answer));
}

}  // namespace

void add_subscription_routes(http::router& to, std::shared_ptr<const query_context> context) {
  to.add(http::method::get, "/v1/events/{domain}/{category}",
         [context = std::move(context)](const http::request& request, const http::path_parts& parts,
                                        http::responder respond) {
           handle_subscription(context, request, parts, std::move(respond));
         });
}

}  // namespace foldlog::query
