#include "core/log/kafka_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <mutex>

#include "core/log/kafka_fetcher.h"
#include "core/log/kafka_producer.h"
#include "core/log/kafka_reader.h"

namespace foldlog {
namespace {

constexpr std::chrono::milliseconds first_contact{3000};
constexpr std::chrono::milliseconds fetch_patience{5000};
constexpr std::chrono::milliseconds end_patience{5000};

// What open_reader() gives: the reader itself may outlive it by a wake-up that is on its way.
class reader_front final : public log_reader {
 public:
  explicit reader_front(std::shared_ptr<kafka_reader> reader) : reader_(std::move(reader)) {}
  ~reader_front() override { reader_->silence(); }

  result<void> read(record_batch& into, const read_limits& limits) override { return reader_->read(into, limits); }
  void seek(partition_id at, offset_t from) override { reader_->seek(at, from); }
  void pause(partition_id at) override { reader_->pause(at); }
  void resume(partition_id at) override { reader_->resume(at); }

 private:
  std::shared_ptr<kafka_reader> reader_;
};

// Stands in for a reader that could not be made: librdkafka was out of threads or memory.
class failed_reader final : public log_reader {
 public:
  explicit failed_reader(error why) : why_(std::move(why)) {}
  result<void> read(record_batch& into, const read_limits& /*limits*/) override {
    into.clear();
    return std::unexpected(why_);
  }
  void seek(partition_id /*at*/, offset_t /*from*/) override {}
  void pause(partition_id /*at*/) override {}
  void resume(partition_id /*at*/) override {}

 private:
  error why_;
};

class kafka_log final : public event_log {
 public:
  kafka_log(const log_options& options, boost::asio::any_io_executor executor)
      : shared_(std::make_shared<kafka_shared>()) {
    shared_->options = options;
    shared_->outbox = std::make_shared<kafka_outbox>(std::move(executor));
    shared_->ends = std::make_shared<kafka_ends>(options.topics.size());
    shared_->worker = std::make_shared<kafka_worker>();
  }
  ~kafka_log() override { close(); }

  result<void> open();

  const std::vector<std::string>& topics() const override { return shared_->options.topics; }
  std::int32_t partitions() const override { return shared_->cluster->partitions(); }
  void append(partition_id to, std::span<const record> records, append_handler done) override;
  std::unique_ptr<log_reader> open_reader(std::vector<start> starts, ready_handler ready) override {
    return add(kafka_reader::make(shared_, starts, std::move(ready), kafka_reader::delivery::at_once));
  }
  std::unique_ptr<log_reader> open_gathering_reader(std::vector<start> starts, ready_handler ready) override {
    return add(kafka_reader::make(shared_, starts, std::move(ready), kafka_reader::delivery::gathered));
  }
  void fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) override;
  result<offset_t> end_offset(partition_id of) const override;
  result<offset_t> query_end_offset(partition_id of) override;
  log_health health() const override { return shared_->cluster->health(); }
  bool exclusive() const override { return false; }
  std::string description() const override { return shared_->options.location; }
  void close() override;

 private:
  std::unique_ptr<log_reader> add(result<std::shared_ptr<kafka_reader>> reader);
  void begin_readers();
  void refuse(append_handler done, error why);

  const std::shared_ptr<kafka_shared> shared_;
  std::unique_ptr<kafka_fetcher> fetcher_;  ///< used by the worker's thread
  std::unique_ptr<kafka_producer> producer_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<kafka_reader>> readers_;
  bool closed_ = false;
};

result<void> kafka_log::open() {
  const auto& options = shared_->options;
  auto admin = kafka_admin::make(options);
  if (!admin) return std::unexpected(admin.error());
  fetcher_ = std::make_unique<kafka_fetcher>(std::make_shared<kafka_consumer>(admin->handle, options.topics));
  const auto warm_up = [this] {
    if (producer_) producer_->warm_up();
  };
  shared_->cluster =
      std::make_shared<kafka_cluster>(options, std::move(*admin), shared_->ends, warm_up, [this] { begin_readers(); });
  auto* const cluster = shared_->cluster.get();
  if (!options.read_only) {
    auto made = kafka_producer::make(options, shared_->outbox,
                                     {.acknowledged =
                                          [ends = shared_->ends, cluster](partition_id of, offset_t end) {
                                            ends->raise(of, end);
                                            cluster->acknowledged();
                                          },
                                      .failed =
                                          [cluster, failed = options.probe.failed](const error& why) {
                                            cluster->failed(why);
                                            if (failed) failed(why.text);
                                          }});
    if (!made) return std::unexpected(made.error());
    producer_ = std::move(*made);
  }
  auto started = cluster->start(first_contact);
  if (started || (started.error().kind == error_kind::unavailable && options.partitions != 0)) return {};
  return started;
}

void kafka_log::append(partition_id to, std::span<const record> records, append_handler done) {
  assert(!records.empty() && to.topic < topics().size());
  if (!producer_) return refuse(std::move(done), {error_kind::unavailable, "the log was opened for reading only"});
  if (auto why = shared_->cluster->refusal()) return refuse(std::move(done), std::move(*why));
  assert(to.partition >= 0 && to.partition < partitions());
  producer_->append(to, records, std::move(done));
}

void kafka_log::refuse(append_handler done, error why) {
  shared_->outbox->post([done = std::move(done), why = std::move(why)]() mutable {
    done({append_status::refused, no_offset, false, std::move(why)});
  });
}

std::unique_ptr<log_reader> kafka_log::add(result<std::shared_ptr<kafka_reader>> reader) {
  if (!reader) return std::make_unique<failed_reader>(reader.error());
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(readers_, [](const auto& each) { return each.expired(); });
    readers_.push_back(*reader);
  }
  if (shared_->cluster->is_ready()) (*reader)->begin();
  return std::make_unique<reader_front>(std::move(*reader));
}

void kafka_log::begin_readers() {
  const std::lock_guard lock(mutex_);
  for (const auto& each : readers_) {
    if (const auto reader = each.lock()) reader->begin();
  }
}

void kafka_log::fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) {
  assert(raw(first) >= 0 && first <= last);
  shared_->worker->add([this, from, first, last, done = std::move(done)](bool stopping) mutable {
    result<record_batch> found = fail(error_kind::cancelled, "the log is closed");
    if (!stopping) {
      found = fetcher_->fetch(from, first, last, fetch_patience, [&] { return shared_->worker->is_stopping(); });
    }
    shared_->outbox->post([done = std::move(done), found = std::move(found)]() mutable { done(std::move(found)); });
  });
}

result<offset_t> kafka_log::end_offset(partition_id of) const {
  const auto end = shared_->ends->of(of);
  if (end == no_offset) return fail(error_kind::unavailable, health().reason);
  return end;
}

result<offset_t> kafka_log::query_end_offset(partition_id of) {
  auto end = shared_->cluster->admin().end_of(topics()[of.topic], of.partition, end_patience);
  if (end) shared_->ends->raise(of, *end);
  return end;
}

void kafka_log::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
  }
  if (producer_) producer_->close();
  shared_->worker->stop();
  if (shared_->cluster) shared_->cluster->stop();
  shared_->outbox->close();
}

}  // namespace

result<std::unique_ptr<event_log>> open_kafka_log(const log_options& options, boost::asio::any_io_executor executor) {
  auto made = std::make_unique<kafka_log>(options, std::move(executor));
  if (auto opened = made->open(); !opened) return std::unexpected(opened.error());
  return made;
}

}  // namespace foldlog
