#include "core/log/kafka_session.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <charconv>
#include <tuple>

#include "core/base/fail_point.h"

namespace foldlog {
namespace {

// Bounds of what waits in one producer; far below librdkafka's own, so that an append is taken whole or not at all.
constexpr std::size_t messages_max = 100'000;
constexpr std::size_t bytes_max = std::size_t{128} << 20;
constexpr std::size_t message_overhead = 128;  // librdkafka counts up to 70 bytes of framing; Kafka's batch has 61
constexpr std::int16_t produce_request_key = 0;

kafka_recipe producer_recipe() {
  kafka_recipe recipe;
  recipe.type = RD_KAFKA_PRODUCER;
  recipe.usual = {{"linger.ms", "0"},
                  {"socket.nagle.disable", "true"},
                  {"message.timeout.ms", "10000"},
                  {"retry.backoff.ms", "50"},
                  {"reconnect.backoff.ms", "50"},
                  {"reconnect.backoff.max.ms", "500"},
                  {"socket.connection.setup.timeout.ms", "5000"},
                  {"topic.metadata.refresh.fast.interval.ms", "100"},
                  {"queue.buffering.max.messages", "1000000"},
                  {"queue.buffering.max.kbytes", "1048576"}};
  recipe.fixed = {{"enable.idempotence", "true"}, {"acks", "all"}, {"allow.auto.create.topics", "false"}};
  recipe.events = RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR;
  return recipe;
}

std::size_t setting_of(rd_kafka_t* handle, const char* name) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  std::size_t number = 0;
  if (rd_kafka_conf_get(rd_kafka_conf(handle), name, text.data(), &size) != RD_KAFKA_CONF_OK) return 0;
  std::from_chars(text.data(), text.data() + size, number);
  return number;
}

// What a broker says of the message itself, before it looks at its log.
bool is_final_refusal(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP ||
         code == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

error_kind kind_of(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return error_kind::too_large;
  return is_final_refusal(code) ? error_kind::invalid : error_kind::unavailable;
}

}  // namespace

kafka_session::kafka_session(const log_options& options, std::shared_ptr<kafka_outbox> outbox,
                             kafka_producer::observer observes)
    : options_(options), outbox_(std::move(outbox)), observer_(std::move(observes)), ends_(options.topics.size()) {
  for (const auto& topic : options.topics) sources_.push_back(kafka_source(topic));
}

result<std::shared_ptr<kafka_session>> kafka_session::make(const log_options& options,
                                                           std::shared_ptr<kafka_outbox> outbox,
                                                           const kafka_producer::observer& observes) {
  std::shared_ptr<kafka_session> made(new kafka_session(options, std::move(outbox), observes));
  if (auto opened = made->open(); !opened) return std::unexpected(opened.error());
  return made;
}

result<void> kafka_session::open() {
  auto recipe = producer_recipe();
  recipe.on_new = on_new;
  recipe.interceptor = this;
  auto handle = make_kafka_handle(options_, recipe);
  if (!handle) return std::unexpected(handle.error());
  handle_ = std::move(*handle);
  message_bytes_max_ = setting_of(handle_.get(), "message.max.bytes");
  topics_ = make_kafka_topics(handle_.get(), options_.topics);
  queue_.reset(rd_kafka_queue_get_main(handle_.get()));
  signal_ = std::make_unique<kafka_signal>(outbox_->executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->drain();
    self->outbox_->run();  // we are on the executor here
  });
  signal_->watch(queue_.get());
  return {};
}

kafka_session::~kafka_session() {
  if (queue_) kafka_signal::detach(queue_.get());
}

rd_kafka_resp_err_t kafka_session::on_new(rd_kafka_t* handle, const rd_kafka_conf_t* /*settings*/, void* self,
                                          char* /*reason*/, std::size_t /*size*/) {
  return rd_kafka_interceptor_add_on_request_sent(handle, "foldlog", on_request_sent, self);
}

rd_kafka_resp_err_t kafka_session::on_request_sent(rd_kafka_t* /*handle*/, int /*socket*/, const char* /*broker*/,
                                                   std::int32_t /*broker*/, std::int16_t key, std::int16_t /*version*/,
                                                   std::int32_t /*correlation*/, std::size_t /*size*/, void* self) {
  if (key == produce_request_key) static_cast<kafka_session*>(self)->produce_requests_.fetch_add(1);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void kafka_session::append(partition_id to, std::span<const record> records, append_handler done) {
  assert(!records.empty() && to.topic < topics_.size());
  auto headers = encode(to, records);
  if (!headers) return refuse(std::move(done), headers.error());
  std::size_t bytes = 0;
  for (std::size_t n = 0; n < records.size(); ++n) {
    bytes += (*headers)[n].bytes + records[n].key.size() + records[n].value.size() + message_overhead;
  }
  auto admitted = admit(to, records, bytes, done);
  if (!admitted) return refuse(std::move(done), admitted.error());
  for (std::size_t n = 0; n < records.size(); ++n) hand_over(**admitted, n, records[n], (*headers)[n]);
  const std::lock_guard lock(mutex_);
  batch_totals totals;
  settle(**admitted, totals);
}

result<std::vector<kafka_headers>> kafka_session::encode(partition_id to, std::span<const record> records) const {
  std::vector<kafka_headers> headers;
  headers.reserve(records.size());
  std::size_t total = 0;
  for (const auto& each : records) {
    headers.push_back(encode_kafka_headers(each, sources_[to.topic]));
    const auto size = headers.back().bytes + each.key.size() + each.value.size() + message_overhead;
    total += size;
    if (size > message_bytes_max_ || total > options_.append_bytes_max) {
      return fail(error_kind::too_large,
                  fmt::format("{} bytes for {} are more than a record of {} or an append of {} may have", total,
                              options_.topics[to.topic], message_bytes_max_, options_.append_bytes_max));
    }
  }
  return headers;
}

result<kafka_session::pending*> kafka_session::admit(partition_id to, std::span<const record> records,
                                                     std::size_t bytes, append_handler& done) {
  const std::lock_guard lock(mutex_);
  if (finishing_ || dead_) return fail(error_kind::unavailable, "the Kafka producer takes nothing more");
  if (messages_ + records.size() > messages_max || bytes_ + bytes > bytes_max) {
    return fail(error_kind::unavailable, fmt::format("{} records wait for Kafka already", messages_));
  }
  auto& append = under_way_.emplace_back();
  append.place = std::prev(under_way_.end());
  append.to = to;
  append.done = std::move(done);
  append.slots.resize(records.size(), {&append, -1});
  append.waiting = records.size() + 1;
  append.bytes = bytes;
  append.requests_before = produce_requests_;
  append.begun = std::chrono::steady_clock::now();
  messages_ += records.size();
  bytes_ += bytes;
  return &append;
}

void kafka_session::hand_over(pending& append, std::size_t index, const record& from, kafka_headers& headers) {
  const bool has_key = from.kind == record_kind::event || from.kind == record_kind::refusal;
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(from.time).time_since_epoch().count();
  std::array<rd_kafka_vu_t, 8> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_RKT;
  parts[0].u.rkt = topics_[append.to.topic].get();
  parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[1].u.i32 = append.to.partition;
  parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[2].u.mem = {const_cast<char*>(from.value.empty() ? "" : from.value.data()), from.value.size()};
  parts[3].vtype = RD_KAFKA_VTYPE_KEY;
  parts[3].u.mem = {has_key ? const_cast<char*>(from.key.data()) : nullptr, has_key ? from.key.size() : 0};
  parts[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  parts[4].u.i64 = milliseconds;
  parts[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[5].u.ptr = &append.slots[index];
  parts[6].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[6].u.i = RD_KAFKA_MSG_F_COPY;
  parts[7].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[7].u.headers = headers.list.get();
  fail_point("kafka-before-produce");
  const kafka_owned<rd_kafka_error_t> failure(rd_kafka_produceva(handle_.get(), parts.data(), parts.size()));
  if (!failure) {
    std::ignore = headers.list.release();  // librdkafka took them
    return;
  }
  const std::lock_guard lock(mutex_);
  note_failure(append, rd_kafka_error_code(failure.get()), RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
               rd_kafka_error_string(failure.get()));
  --append.waiting;
}

void kafka_session::refuse(append_handler done, error why) {
  outbox_->post([done = std::move(done), why = std::move(why)]() mutable {
    done({append_status::refused, no_offset, false, std::move(why)});
  });
}

void kafka_session::drain() {
  const std::lock_guard one_at_a_time(drain_mutex_);
  batch_totals totals;
  while (const kafka_owned<rd_kafka_event_t> event{rd_kafka_queue_poll(queue_.get(), 0)}) take(*event, totals);
  tell(totals);
}

void kafka_session::take(rd_kafka_event_t& event, batch_totals& totals) {
  const std::lock_guard lock(mutex_);
  if (rd_kafka_event_type(&event) == RD_KAFKA_EVENT_DR) {
    while (const auto* message = rd_kafka_event_message_next(&event)) report(*message, totals);
  } else if (rd_kafka_event_type(&event) == RD_KAFKA_EVENT_ERROR && rd_kafka_event_error_is_fatal(&event) != 0) {
    dead_ = true;
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
}

void kafka_session::report(const rd_kafka_message_t& message, batch_totals& totals) {
  auto& place = *static_cast<slot*>(message._private);
  auto& append = *place.owner;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    note_failure(append, message.err, rd_kafka_message_status(&message), rd_kafka_err2str(message.err));
  } else {
    place.offset = message.offset;
  }
  settle(append, totals);
}

void kafka_session::note_failure(pending& append, rd_kafka_resp_err_t code, rd_kafka_msg_status_t status,
                                 std::string text) {
  const bool never_sent = append.requests_before == produce_requests_;
  if (!append.failed) append.why = {kind_of(code), fmt::format("Kafka: {}", text)};
  append.failed = true;
  ++append.failures;
  append.certainly_not = append.certainly_not && !finishing_ && status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED &&
                         (never_sent || is_final_refusal(code));
}

void kafka_session::settle(pending& append, batch_totals& totals) {
  if (--append.waiting != 0) return;
  ++totals.appends;
  totals.records += append.slots.size();
  totals.oldest = std::min(totals.oldest, append.begun);
  messages_ -= append.slots.size();
  bytes_ -= append.bytes;
  auto ended = outcome(append);
  outbox_->post([done = std::move(append.done), ended = std::move(ended)]() mutable { done(std::move(ended)); });
  under_way_.erase(append.place);
}

append_result kafka_session::outcome(pending& append) {
  if (append.failed) {
    const bool refused = append.certainly_not && append.failures == append.slots.size();
    if (!refused) append.why.kind = error_kind::unknown;
    const bool its_own_fault = append.why.kind == error_kind::too_large || append.why.kind == error_kind::invalid;
    if (observer_.failed && !its_own_fault && !finishing_) observer_.failed(append.why);
    return {refused ? append_status::refused : append_status::unknown, no_offset, false, append.why};
  }
  auto& ends = ends_[append.to.topic];
  if (ends.size() <= static_cast<std::size_t>(append.to.partition)) ends.resize(append.to.partition + 1, 0);
  auto& end = ends[append.to.partition];
  const std::int64_t first = append.slots.front().offset;
  bool consecutive = true;
  for (std::size_t n = 0; n < append.slots.size(); ++n) {
    const auto offset = append.slots[n].offset;
    consecutive = consecutive && offset == first + static_cast<std::int64_t>(n);
    if (offset < end) {
      return {append_status::unknown,
              no_offset,
              false,
              {error_kind::unknown, fmt::format("Kafka reported offset {} where {} or more is due", offset, end)}};
    }
    end = offset + 1;
  }
  if (observer_.acknowledged) observer_.acknowledged(append.to, offset_t{end});
  return {append_status::acknowledged, offset_t{first}, consecutive, {}};
}

void kafka_session::tell(const batch_totals& totals) const {
  if (totals.appends == 0 || !options_.probe.committed) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - totals.oldest;
  options_.probe.committed(totals.records, totals.appends, took.count());
}

void kafka_session::warm_up(std::chrono::milliseconds patience) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(handle_.get(), 0, nullptr, &metadata, static_cast<int>(patience.count()));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(metadata);
}

bool kafka_session::is_idle() {
  const std::lock_guard lock(mutex_);
  return under_way_.empty();
}

void kafka_session::finish(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto drain_until = [&](auto end) {
    while (!is_idle() && std::chrono::steady_clock::now() < end) {
      drain();
      if (!is_idle()) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  };
  drain_until(deadline);
  finishing_ = true;
  if (is_idle()) return;
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  drain_until(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  assert(is_idle() && "librdkafka reports every message after a purge");
  give_up_rest();
}

void kafka_session::give_up_rest() {
  const std::lock_guard lock(mutex_);
  for (auto& append : under_way_) {
    if (!append.done) continue;
    outbox_->post([done = std::move(append.done)]() mutable {
      done({append_status::unknown,
            no_offset,
            false,
            {error_kind::unknown, "the log was closed before Kafka answered"}});
    });
  }
}

}  // namespace foldlog
