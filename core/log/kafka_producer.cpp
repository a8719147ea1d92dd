#include "core/log/kafka_producer.h"

#include <algorithm>

#include "core/log/kafka_session.h"
#include "core/runtime/logging.h"

namespace foldlog {

kafka_producer::kafka_producer(const log_options& options, std::shared_ptr<kafka_outbox> outbox, observer observes)
    : options_(options), outbox_(std::move(outbox)), observer_(std::move(observes)) {}

kafka_producer::~kafka_producer() { close(); }

result<std::unique_ptr<kafka_producer>> kafka_producer::make(const log_options& options,
                                                             std::shared_ptr<kafka_outbox> outbox, observer observes) {
  std::unique_ptr<kafka_producer> made(new kafka_producer(options, std::move(outbox), std::move(observes)));
  if (auto session = made->usable_session(); !session) return std::unexpected(session.error());
  return made;
}

void kafka_producer::append(partition_id to, std::span<const record> records, append_handler done) {
  auto session = usable_session();
  if (session) {
    (*session)->append(to, records, std::move(done));
    return;
  }
  outbox_->post([done = std::move(done), why = session.error()]() mutable {
    done({append_status::refused, no_offset, false, std::move(why)});
  });
}

void kafka_producer::warm_up() {
  if (const auto now = session()) now->warm_up(std::chrono::seconds(2));
}

std::shared_ptr<kafka_session> kafka_producer::session() {
  const std::lock_guard lock(mutex_);
  return session_;
}

result<std::shared_ptr<kafka_session>> kafka_producer::usable_session() {
  const std::lock_guard lock(mutex_);
  if (closed_) return fail(error_kind::cancelled, "the log is closed");
  if (session_ && !session_->is_dead()) return session_;
  if (session_) {
    log(log_level::warning, "the Kafka producer met a fatal error; a new one takes its place");
    retired_.push_back(std::move(session_));
  }
  std::erase_if(retired_, [](const auto& old) { return old->is_idle(); });
  auto made = kafka_session::make(options_, outbox_, observer_);
  if (!made) return made;
  session_ = *made;
  return session_;
}

void kafka_producer::close() {
  std::vector<std::shared_ptr<kafka_session>> sessions;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    sessions = std::move(retired_);
    retired_.clear();
    if (session_) sessions.push_back(std::move(session_));
    session_.reset();
  }
  for (const auto& session : sessions) session->finish(std::chrono::seconds(1));
}

}  // namespace foldlog
