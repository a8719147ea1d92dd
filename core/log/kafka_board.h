#pragma once

#include <memory>

#include "core/log/kafka_handle.h"
#include "core/log/kafka_outbox.h"
#include "core/log/kafka_signal.h"
#include "core/log/kafka_worker.h"
#include "core/log/node_board.h"

namespace foldlog {

/// The board as a compacted topic of one partition, key by key; read from its beginning. The topic is created when it
/// is missing, as soon as a broker answers.
class kafka_board final : public node_board {
 public:
  /// Of options.topics the only one. Errors: invalid, conflict (the topic's settings are not those of a board).
  static result<std::unique_ptr<node_board>> make(const log_options& options,
                                                  const boost::asio::any_io_executor& executor);
  ~kafka_board() override;

  void read(handler heard) override;
  void post(std::string_view key, std::string_view text) override;
  void close() override;

 private:
  kafka_board() = default;
  void begin();
  void drain();

  log_options options_;
  kafka_worker preparing_;
  std::shared_ptr<kafka_outbox> outbox_;
  bool prepared_ = false;
  kafka_handle writer_;
  kafka_owned<rd_kafka_topic_t> to_;
  kafka_handle reader_;
  kafka_owned<rd_kafka_topic_t> from_;
  kafka_owned<rd_kafka_queue_t> queue_;
  std::unique_ptr<kafka_signal> signal_;
  handler heard_;
};

}  // namespace foldlog
