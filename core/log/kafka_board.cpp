#include "core/log/kafka_board.h"

#include <array>
#include <thread>

#include "core/log/kafka_topics.h"

namespace foldlog {
namespace {

constexpr std::int32_t only_partition = 0;
constexpr int farewell_ms = 500;
constexpr std::size_t step = 256;
constexpr std::chrono::milliseconds retry_interval{300};

const std::vector<kafka_setting> quick_connect{{"reconnect.backoff.ms", "50"},
                                               {"reconnect.backoff.max.ms", "500"},
                                               {"socket.nagle.disable", "true"},
                                               {"topic.metadata.refresh.fast.interval.ms", "100"},
                                               {"topic.metadata.propagation.max.ms", "10000"},
                                               {"socket.connection.setup.timeout.ms", "5000"}};

kafka_recipe writer_recipe() {
  kafka_recipe recipe;
  recipe.type = RD_KAFKA_PRODUCER;
  recipe.usual = quick_connect;
  recipe.usual.insert(recipe.usual.end(), {{"linger.ms", "0"}, {"message.timeout.ms", "3000"}});
  recipe.fixed = {{"allow.auto.create.topics", "false"}};
  return recipe;
}

// A broker that has not heard of the topic yet, or a topic made anew, ends a reader whose reset is "error" for good.
kafka_recipe reader_recipe() {
  kafka_recipe recipe;
  recipe.usual = quick_connect;
  recipe.usual.insert(recipe.usual.end(), {{"fetch.wait.max.ms", "500"}, {"fetch.error.backoff.ms", "50"}});
  recipe.fixed = kafka_consumer_settings();
  recipe.fixed.emplace_back("auto.offset.reset", "earliest");
  return recipe;
}

}  // namespace

result<std::unique_ptr<node_board>> kafka_board::make(const log_options& options,
                                                      const boost::asio::any_io_executor& executor) {
  std::unique_ptr<kafka_board> made(new kafka_board());
  made->options_ = options;
  made->outbox_ = std::make_shared<kafka_outbox>(executor);
  const auto prepared = prepare_board_topic(options);
  if (!prepared && prepared.error().kind != error_kind::unavailable) return std::unexpected(prepared.error());
  made->prepared_ = prepared.has_value();
  const auto& topic = options.topics.front();
  auto writer = make_kafka_handle(options, writer_recipe());
  if (!writer) return std::unexpected(writer.error());
  made->writer_ = std::move(*writer);
  made->to_.reset(rd_kafka_topic_new(made->writer_.get(), topic.c_str(), nullptr));
  auto reader = make_kafka_handle(options, reader_recipe());
  if (!reader) return std::unexpected(reader.error());
  made->reader_ = std::move(*reader);
  made->from_.reset(rd_kafka_topic_new(made->reader_.get(), topic.c_str(), nullptr));
  made->queue_.reset(rd_kafka_queue_new(made->reader_.get()));
  made->signal_ = std::make_unique<kafka_signal>(executor, [board = made.get()] { board->drain(); });
  return made;
}

kafka_board::~kafka_board() { close(); }

void kafka_board::read(handler heard) {
  heard_ = std::move(heard);
  if (prepared_) return begin();
  preparing_.add([this](bool stopping) {
    while (!stopping && !preparing_.is_stopping() && !prepare_board_topic(options_)) {
      std::this_thread::sleep_for(retry_interval);
    }
    outbox_->post([this] {
      prepared_ = true;
      begin();
    });
  });
}

void kafka_board::begin() {
  rd_kafka_consume_start_queue(from_.get(), only_partition, RD_KAFKA_OFFSET_BEGINNING, queue_.get());
  signal_->watch(queue_.get());
}

void kafka_board::drain() {
  std::array<rd_kafka_message_t*, step> taken{};
  while (true) {
    const auto count = rd_kafka_consume_batch_queue(queue_.get(), 0, taken.data(), taken.size());
    if (count <= 0) break;
    for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n) {
      auto* const message = taken[n];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->key != nullptr && heard_) {
        heard_({static_cast<const char*>(message->key), message->key_len},
               {static_cast<const char*>(message->payload), message->payload == nullptr ? 0 : message->len});
      }
      rd_kafka_message_destroy(message);
    }
  }
}

void kafka_board::post(std::string_view key, std::string_view text) {
  if (!writer_ || !prepared_) return;
  rd_kafka_poll(writer_.get(), 0);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): librdkafka copies it.
  auto* const value = text.empty() ? nullptr : const_cast<char*>(text.data());
  rd_kafka_produce(to_.get(), only_partition, RD_KAFKA_MSG_F_COPY, value, text.size(), key.data(), key.size(), nullptr);
}

void kafka_board::close() {
  heard_ = nullptr;
  if (!writer_) return;
  outbox_->close();
  preparing_.stop();
  kafka_signal::detach(queue_.get());
  signal_.reset();
  rd_kafka_consume_stop(from_.get(), only_partition);
  queue_.reset();
  from_.reset();
  reader_.reset();
  rd_kafka_flush(writer_.get(), farewell_ms);
  rd_kafka_purge(writer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_poll(writer_.get(), 0);
  to_.reset();
  writer_.reset();
}

}  // namespace foldlog
