#include "core/log/kafka_reader.h"

#include <fmt/format.h>

#include <array>
#include <cassert>

namespace foldlog {
namespace {

constexpr std::size_t drain_step = 512;
constexpr int seek_ms = 1000;  // a round trip to librdkafka's own thread; without it a failure would not be told
constexpr std::chrono::milliseconds end_patience{2000};

// librdkafka 2.0.2 stops fetching for a fixed second when its queue is full: the queue must hold more than a second's
// folding. Half a million records or 256 MiB, whichever is less; fetches of 1 MiB a partition keep what is under way
// small.
//
// Gathered, a command alone takes 0.25 ms instead of 0.35 on two cores, 64 clients get 1.0 to 1.3 times as many
// answered, and a row is seen 6 ms after its answer instead of 2 (p99); a node that nobody uses costs its broker 5 % of
// a core more.
kafka_recipe reader_recipe(kafka_reader::delivery how) {
  kafka_recipe recipe;
  recipe.type = RD_KAFKA_CONSUMER;
  const bool gathers = how == kafka_reader::delivery::gathered;
  recipe.usual = {
      {"fetch.wait.max.ms", gathers ? "5" : "30"},  // a partition that is resumed waits for the fetch under way
      {"fetch.min.bytes", gathers ? "65536" : "1"},
      {"fetch.error.backoff.ms", "50"},
      {"fetch.message.max.bytes", "4194304"},
      {"fetch.max.bytes", "67108864"},
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", "524288"},
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "500"},
      {"socket.nagle.disable", "true"},
      {"topic.metadata.refresh.fast.interval.ms", "100"},
      {"topic.metadata.propagation.max.ms", "10000"},  // a new topic: not every broker has heard of it
      {"socket.connection.setup.timeout.ms", "5000"}};
  recipe.fixed = kafka_consumer_settings();
  return recipe;
}

bool is_out_of_range(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

// The others (a broker that went away, a leader that moved) pass; health() tells of them.
bool is_damage(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

}  // namespace

kafka_reader::kafka_reader(std::shared_ptr<const kafka_shared> shared, const std::vector<event_log::start>& starts,
                           ready_handler ready)
    : shared_(std::move(shared)), index_(shared_->options.topics.size()), ready_(std::move(ready)) {
  for (const auto& [at, from] : starts) {
    assert(at.topic < index_.size() && raw(from) >= 0);
    places_.push_back({.at = at, .next = from, .damage = {}});
    auto& partitions = index_[at.topic];
    if (partitions.size() <= static_cast<std::size_t>(at.partition)) partitions.resize(at.partition + 1, 0);
    partitions[at.partition] = places_.size();
  }
}

result<std::shared_ptr<kafka_reader>> kafka_reader::make(std::shared_ptr<const kafka_shared> shared,
                                                         const std::vector<event_log::start>& starts,
                                                         ready_handler ready, delivery how) {
  std::shared_ptr<kafka_reader> made(new kafka_reader(std::move(shared), starts, std::move(ready)));
  if (auto opened = made->open(how); !opened) return std::unexpected(opened.error());
  return made;
}

result<void> kafka_reader::open(delivery how) {
  auto handle = make_kafka_handle(shared_->options, reader_recipe(how));
  if (!handle) return std::unexpected(handle.error());
  consumer_ = std::make_shared<kafka_consumer>(std::move(*handle), shared_->options.topics);
  queue_.reset(rd_kafka_queue_new(consumer_->handle.get()));
  signal_ = std::make_unique<kafka_signal>(shared_->outbox->executor(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
  signal_->watch(queue_.get());
  return {};
}

kafka_reader::~kafka_reader() {
  if (!queue_) return;
  kafka_signal::detach(queue_.get());
  if (!begun_) return;
  for (const auto& each : places_) rd_kafka_consume_stop(topic(each), each.at.partition);
}

void kafka_reader::begin() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& each : places_) {
      if (!begun_) start(each);
      if (shared_->cluster->is_gone(each.at.topic)) take_error(each, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    }
    begun_ = true;
  }
  signal_->raise();
}

void kafka_reader::start(place& at) {
  rd_kafka_consume_start_queue(topic(at), at.at.partition, raw(at.next), queue_.get());
  if (at.paused) consumer_->pause(at.at, true);
}

void kafka_reader::silence() {
  const std::lock_guard lock(ready_mutex_);
  ready_ = nullptr;
}

// On the executor. A wake-up that comes while read() runs is spurious at worst: read() arms before it drains.
void kafka_reader::wake() {
  if (!armed_.exchange(false)) return;
  shared_->outbox->post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const std::lock_guard lock(self->ready_mutex_);
    if (self->ready_) self->ready_();
  });
  shared_->outbox->run();
}

kafka_reader::place* kafka_reader::find(std::uint32_t topic, std::int32_t partition) {
  const auto& partitions = index_[topic];
  if (static_cast<std::size_t>(partition) >= partitions.size() || partitions[partition] == 0) return nullptr;
  return &places_[partitions[partition] - 1];
}

result<void> kafka_reader::read(record_batch& into, const read_limits& limits) {
  into.clear();
  armed_ = true;
  const std::lock_guard lock(mutex_);
  if (!begun_) return fail(error_kind::unavailable, "the log is not ready yet: " + shared_->cluster->health().reason);
  if (const auto* broken = damage()) return std::unexpected(*broken);
  auto owner = std::make_shared<kafka_messages>(consumer_);
  std::array<rd_kafka_message_t*, drain_step> taken{};
  std::size_t bytes = 0;
  while (into.items.size() < limits.records && bytes < limits.bytes) {
    // A small budget of bytes takes small steps: what is taken from the queue must be given.
    const std::size_t step = bytes == 0 && limits.bytes < (std::size_t{1} << 20) ? 1 : drain_step;
    const auto wanted = std::min({limits.records - into.items.size(), taken.size(), step});
    const auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, taken.data(), wanted);
    if (count <= 0) break;
    for (ssize_t n = 0; n < count; ++n) take(taken[static_cast<std::size_t>(n)], *owner, into, bytes);
  }
  if (into.items.size() >= limits.records || bytes >= limits.bytes || damage() != nullptr) signal_->raise();
  if (into.items.empty()) return damage() == nullptr ? result<void>{} : std::unexpected(*damage());
  into.owners.push_back(std::move(owner));
  hear_ends();
  return {};
}

void kafka_reader::take(rd_kafka_message_t* message, kafka_messages& owner, record_batch& into, std::size_t& bytes) {
  owner.list.push_back(message);
  const auto topic = message->rkt == nullptr ? 0 : consumer_->topic_of(*message);
  auto* const at = message->rkt == nullptr ? nullptr : find(topic, message->partition);
  if (at == nullptr) return;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return take_error(*at, message->err);
  if (at->paused || message->offset < raw(at->next)) return;
  add_kafka_record(into, owner, *message, topic);
  at->next = offset_t{message->offset + 1};
  at->has_read = true;
  bytes += message->len + message->key_len;
}

void kafka_reader::take_error(place& at, rd_kafka_resp_err_t code) {
  if (is_out_of_range(code)) return ask_for_bounds(at);
  if (!is_damage(code)) return;
  at.damage =
      error{error_kind::damaged, fmt::format("{}/{}@{} cannot be read: {}", shared_->options.topics[at.at.topic],
                                             at.at.partition, raw(at.next), rd_kafka_err2str(code))};
}

void kafka_reader::ask_for_bounds(place& at) {
  if (at.asking) return;
  at.asking = true;
  shared_->worker->add([weak = weak_from_this(), shared = shared_, which = at.at, from = at.next](bool stopping) {
    if (stopping) return;
    const auto& topic = shared->options.topics[which.topic];
    const auto found = shared->cluster->admin().bounds_of(topic, which.partition, end_patience);
    if (const auto self = weak.lock()) self->hear_bounds(which, from, found);
  });
}

// No record is at the place. Either it is beyond the end, where the reader waits as it was told to: it reads from the
// end, and what comes below the place is dropped. Or the log has lost its beginning, or an end that it once had. Or the
// record has come meanwhile.
void kafka_reader::hear_bounds(partition_id which, offset_t from, const result<kafka_admin::bounds>& found) {
  {
    const std::lock_guard lock(mutex_);
    auto& at = *find(which.topic, which.partition);
    at.asking = false;
    if (at.next != from) return;  // it was moved meanwhile
    if (!found) return ask_for_bounds(at);
    const bool is_lost = from < found->begin || (from > found->end && at.has_read);
    if (!is_lost) {
      restart(at, std::min(from, found->end));
      return;
    }
    at.damage = error{error_kind::damaged, fmt::format("{}/{}@{} is not in the log (any more): it has {} to {}",
                                                       shared_->options.topics[which.topic], which.partition, raw(from),
                                                       raw(found->begin), raw(found->end) - 1)};
  }
  signal_->raise();
}

void kafka_reader::hear_ends() {
  for (const auto& each : places_) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto& name = shared_->options.topics[each.at.topic];
    const auto code =
        rd_kafka_get_watermark_offsets(consumer_->handle.get(), name.c_str(), each.at.partition, &low, &high);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0) shared_->ends->raise(each.at, offset_t{high});
  }
}

const error* kafka_reader::damage() const {
  for (const auto& each : places_) {
    if (each.damage && !each.paused) return &*each.damage;
  }
  return nullptr;
}

// After an error that ended librdkafka's fetching of the partition a seek would be lost.
void kafka_reader::restart(place& at, offset_t from) {
  rd_kafka_consume_stop(topic(at), at.at.partition);
  rd_kafka_consume_start_queue(topic(at), at.at.partition, raw(from), queue_.get());
  if (at.paused) consumer_->pause(at.at, true);
}

void kafka_reader::jump(place& at, offset_t to) {
  const bool has_ended = at.damage.has_value() || at.asking;
  at.next = to;
  at.has_read = false;
  at.damage.reset();
  if (!begun_) return;
  if (has_ended || rd_kafka_seek(topic(at), at.at.partition, raw(to), seek_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    restart(at, to);
  }
}

void kafka_reader::seek(partition_id at, offset_t from) {
  assert(raw(from) >= 0);
  const std::lock_guard lock(mutex_);
  jump(*find(at.topic, at.partition), from);
}

void kafka_reader::pause(partition_id at) {
  const std::lock_guard lock(mutex_);
  auto& found = *find(at.topic, at.partition);
  found.paused = true;
  if (begun_) consumer_->pause(at, true);
}

void kafka_reader::resume(partition_id at) {
  const std::lock_guard lock(mutex_);
  auto& found = *find(at.topic, at.partition);
  if (!found.paused) return;
  found.paused = false;
  if (!begun_) return;
  consumer_->pause(at, false);
  if (found.damage || found.asking) return;
  const bool had_read = found.has_read;
  jump(found, found.next);  // what was fetched for it while it was paused has been dropped
  found.has_read = had_read;
}

}  // namespace foldlog
