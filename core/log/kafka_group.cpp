#include "core/log/kafka_group.h"

#include <algorithm>

#include "core/runtime/logging.h"

namespace foldlog {
namespace {

using list_pointer = std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)>;

// The application must be seen to poll; what comes is told by the signal.
constexpr std::chrono::milliseconds poll_interval{1000};
constexpr std::chrono::milliseconds first_word_patience{1500};

// librdkafka's main thread looks at its heartbeats when some timer wakes it, else once a second: the statistics' timer
// does, so that a member hears of a rebalance within a heartbeat.
kafka_recipe group_recipe() {
  kafka_recipe recipe;
  recipe.usual = {{"session.timeout.ms", "6000"},
                  {"heartbeat.interval.ms", "100"},
                  {"statistics.interval.ms", "100"},
                  {"max.poll.interval.ms", "30000"},
                  {"reconnect.backoff.ms", "50"},
                  {"reconnect.backoff.max.ms", "500"},
                  {"socket.nagle.disable", "true"},
                  {"topic.metadata.refresh.fast.interval.ms", "100"},
                  {"topic.metadata.refresh.interval.ms", "10000"},
                  {"queued.min.messages", "1"},
                  {"fetch.message.max.bytes", "1024"}};
  recipe.fixed = kafka_consumer_settings();
  recipe.fixed.insert(recipe.fixed.end(), {{"partition.assignment.strategy", "cooperative-sticky"}});
  recipe.events = RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR;
  recipe.closes_group = false;
  return recipe;
}

list_pointer make_list(std::size_t size) {
  return {rd_kafka_topic_partition_list_new(static_cast<int>(size)), rd_kafka_topic_partition_list_destroy};
}

void report(rd_kafka_error_t* failed, std::string_view what) {
  const kafka_owned<rd_kafka_error_t> owned(failed);
  if (owned) log(log_level::warning, what, {{"reason", rd_kafka_error_string(owned.get())}});
}

}  // namespace

result<std::unique_ptr<partition_group>> kafka_group::make(const log_options& options, const std::string& name,
                                                           const boost::asio::any_io_executor& executor) {
  std::unique_ptr<kafka_group> made(new kafka_group(options.topics));
  auto recipe = group_recipe();
  recipe.fixed.emplace_back("group.id", name.c_str());
  auto handle = make_kafka_handle(options, recipe);
  if (!handle) return std::unexpected(handle.error());
  made->handle_ = std::move(*handle);
  rd_kafka_poll_set_consumer(made->handle_.get());
  made->queue_.reset(rd_kafka_queue_get_consumer(made->handle_.get()));
  made->signal_ = std::make_unique<kafka_signal>(executor, [group = made.get()] { group->drain(); });
  made->alarm_ = make_alarm(executor);
  return made;
}

kafka_group::~kafka_group() { close(); }

void kafka_group::join(handlers heard) {
  heard_ = std::move(heard);
  const auto wanted = make_list(topics_.size());
  for (const auto& topic : topics_) {
    rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  signal_->watch(queue_.get());
  joined_ = true;
  if (const auto code = rd_kafka_subscribe(handle_.get(), wanted.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    log(log_level::error, "the consumer group can't be joined", {{"reason", rd_kafka_err2str(code)}});
  }
  keep_polling();
}

void kafka_group::keep_polling() {
  drain();
  if (handle_) timer_ = alarm_(poll_interval, [this] { keep_polling(); });
}

void kafka_group::drain() {
  while (handle_) {
    const kafka_owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue_.get(), 0));
    if (!event) break;
    take(*event);
  }
  if (left_ && handle_ && rd_kafka_consumer_closed(handle_.get()) == 1) std::exchange(left_, nullptr)();
}

void kafka_group::take(rd_kafka_event_t& event) {
  if (rd_kafka_event_type(&event) == RD_KAFKA_EVENT_ERROR) {
    log(log_level::debug, "consumer group", {{"reason", rd_kafka_event_error_string(&event)}});
  }
  if (rd_kafka_event_type(&event) != RD_KAFKA_EVENT_REBALANCE) return;
  const auto* list = rd_kafka_event_topic_partition_list(&event);
  if (rd_kafka_event_error(&event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
    take_assigned(*list);
  else
    take_revoked(*list);
}

void kafka_group::take_assigned(const rd_kafka_topic_partition_list_t& list) {
  spoken_ = true;
  const list_pointer taken(rd_kafka_topic_partition_list_copy(&list), rd_kafka_topic_partition_list_destroy);
  for (int n = 0; n < taken->cnt; ++n) taken->elems[n].offset = RD_KAFKA_OFFSET_END;
  report(rd_kafka_incremental_assign(handle_.get(), taken.get()), "an assignment of the group was not taken");
  rd_kafka_pause_partitions(handle_.get(), taken.get());
  heard_.assigned(places(list));
}

void kafka_group::take_revoked(const rd_kafka_topic_partition_list_t& list) {
  auto these = places(list);
  if (rd_kafka_assignment_lost(handle_.get()) != 0) {
    for (const auto& at : these) kept_.erase(at);
    unassign(these);
    return heard_.lost(std::move(these));
  }
  asked_ = these;
  kept_ = {these.begin(), these.end()};
  if (these.empty()) return unassign({});
  heard_.revoked(std::move(these));
}

void kafka_group::release(partition_id at) {
  if (kept_.erase(at) == 0 || !kept_.empty()) return;
  unassign(std::exchange(asked_, {}));
}

void kafka_group::unassign(const std::vector<partition_id>& these) {
  const auto list = make_list(these.size());
  for (const auto& at : these) {
    rd_kafka_topic_partition_list_add(list.get(), topics_[at.topic].c_str(), at.partition);
  }
  if (handle_)
    report(rd_kafka_incremental_unassign(handle_.get(), list.get()), "the group did not take partitions back");
}

std::vector<partition_id> kafka_group::places(const rd_kafka_topic_partition_list_t& list) const {
  std::vector<partition_id> these;
  for (int n = 0; n < list.cnt; ++n) {
    const auto found = std::ranges::find(topics_, list.elems[n].topic);
    if (found == topics_.end()) continue;
    these.push_back({static_cast<std::uint32_t>(found - topics_.begin()), list.elems[n].partition});
  }
  return these;
}

void kafka_group::leave(std::function<void()> done) {
  left_ = std::move(done);
  leave_until_ = std::chrono::steady_clock::now() + first_word_patience;
  leave_when_in();
}

// librdkafka 2.0.2 aborts the process (sticky assignor, "assignor_state") when a member goes between joining and its
// first assignment. So that is waited for; a member that never gets it goes without a word.
void kafka_group::leave_when_in() {
  drain();
  if (!spoken_ && std::chrono::steady_clock::now() < leave_until_) {
    timer_ = alarm_(std::chrono::milliseconds(5), [this] { leave_when_in(); });
    return;
  }
  if (!spoken_) return std::exchange(left_, nullptr)();
  report(rd_kafka_consumer_close_queue(handle_.get(), queue_.get()), "the group can't be left");
  timer_ = alarm_(std::chrono::milliseconds(1), [this] { keep_leaving(); });
}

// The end of closing wakes nobody.
void kafka_group::keep_leaving() {
  drain();
  if (left_ && handle_) timer_ = alarm_(std::chrono::milliseconds(2), [this] { keep_leaving(); });
}

void kafka_group::close() {
  if (!handle_) return;
  left_ = nullptr;
  timer_.reset();
  kafka_signal::detach(queue_.get());
  signal_.reset();
  queue_.reset();
  // See leave_when_in(): what was joined and not assigned can't be ended; it goes with the process.
  if (joined_ && !spoken_) {
    [[maybe_unused]] static const auto* const kept = new kafka_handle(handle_);
  }
  handle_.reset();
}

}  // namespace foldlog
