#include "core/log/embedded_log.h"

#include <fmt/format.h>

#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/log/completion_queue.h"
#include "core/log/embedded_log_committer.h"
#include "core/log/embedded_log_store.h"
#include "core/log/record_codec.h"
#include "core/log/shared_reader.h"

namespace foldlog {
namespace {

/// Read-only: looks for news while somebody waits for them.
class news_watcher {
 public:
  news_watcher(std::shared_ptr<embedded_log_store> store, std::shared_ptr<reader_hub> hub)
      : store_(std::move(store)), hub_(std::move(hub)), thread_([this] { run(); }) {}
  ~news_watcher() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_one();
    thread_.join();
  }
  news_watcher(const news_watcher&) = delete;
  news_watcher& operator=(const news_watcher&) = delete;

 private:
  static constexpr auto pause = std::chrono::milliseconds(50);

  void run() {
    std::unique_lock lock(mutex_);
    while (!stop_.wait_for(lock, pause, [this] { return stopping_; })) {
      lock.unlock();
      if (hub_->anyone_waits() && store_->refresh()) hub_->wake();
      lock.lock();
    }
  }

  std::shared_ptr<embedded_log_store> store_;
  std::shared_ptr<reader_hub> hub_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

class embedded_log final : public event_log {
 public:
  embedded_log(std::shared_ptr<embedded_log_store> store, const log_options& options,
               boost::asio::any_io_executor executor)
      : store_(std::move(store)),
        completions_(std::make_shared<completion_queue>(std::move(executor))),
        append_bytes_max_(options.append_bytes_max) {
    if (options.read_only) {
      watcher_ = std::make_unique<news_watcher>(store_, hub_);
    } else {
      committer_ =
          std::make_unique<embedded_log_committer>(store_, completions_, [hub = hub_] { hub->wake(); }, options.probe);
    }
  }
  ~embedded_log() override { close(); }
  embedded_log(const embedded_log&) = delete;
  embedded_log& operator=(const embedded_log&) = delete;

  const std::vector<std::string>& topics() const override { return store_->topics(); }
  std::int32_t partitions() const override { return store_->partitions(); }
  void append(partition_id to, std::span<const record> records, append_handler done) override;
  std::unique_ptr<log_reader> open_reader(std::vector<start> starts, ready_handler ready) override {
    return make_shared_reader(store_, hub_, starts, std::move(ready));
  }
  void fetch(partition_id from, offset_t first, offset_t last, fetch_handler done) override {
    done(read_range(*store_, from, first, last));
  }
  result<offset_t> end_offset(partition_id of) const override { return store_->end(of); }
  result<offset_t> query_end_offset(partition_id of) override {
    if (auto news = store_->refresh(); !news) return std::unexpected(news.error());
    return store_->end(of);
  }
  log_health health() const override;
  bool exclusive() const override { return true; }
  std::string description() const override { return "embedded"; }
  void close() override;

 private:
  void refuse(append_handler done, error_kind kind, std::string why) {
    std::vector<completion_queue::completion> refused;
    refused.push_back({std::move(done), {append_status::refused, no_offset, false, {kind, std::move(why)}}});
    completions_->push(refused);
  }

  std::shared_ptr<embedded_log_store> store_;
  std::shared_ptr<completion_queue> completions_;
  std::shared_ptr<reader_hub> hub_ = std::make_shared<reader_hub>();
  std::size_t append_bytes_max_;
  std::unique_ptr<embedded_log_committer> committer_;
  std::unique_ptr<news_watcher> watcher_;
  bool closed_ = false;
};

void embedded_log::append(partition_id to, std::span<const record> records, append_handler done) {
  assert(!records.empty());
  assert(to.topic < topics().size() && to.partition >= 0 && to.partition < partitions());
  if (!committer_) return refuse(std::move(done), error_kind::conflict, "the log was opened for reading only");
  thread_local std::string encoded;
  thread_local std::vector<std::size_t> sizes;
  constexpr std::size_t kept_capacity_max = 1U << 20;
  encoded.clear();
  if (encoded.capacity() > kept_capacity_max) encoded.shrink_to_fit();
  sizes.clear();
  for (const auto& each : records) {
    const std::size_t before = encoded.size();
    encode_record(encoded, each);
    sizes.push_back(encoded.size() - before);
    if (encoded.size() <= append_bytes_max_) continue;
    return refuse(std::move(done), error_kind::too_large,
                  fmt::format("the append is larger than the {} bytes that the log takes at once", append_bytes_max_));
  }
  if (!committer_->submit(to, encoded, sizes, done)) {
    refuse(std::move(done), error_kind::unavailable, "too many appends wait for the disk");
  }
}

log_health embedded_log::health() const {
  if (committer_) return committer_->health();
  const bool readable = store_->readable();
  return {false, readable, readable ? "the log was opened for reading only" : "the log cannot be read at present"};
}

void embedded_log::close() {
  if (std::exchange(closed_, true)) return;
  watcher_.reset();
  if (committer_) committer_->stop();
  hub_->close();
  completions_->finish();
  store_->close();
}

}  // namespace

result<std::unique_ptr<event_log>> open_embedded_log(const log_options& options,
                                                     boost::asio::any_io_executor executor) {
  auto store = embedded_log_store::open(options);
  if (!store) return std::unexpected(store.error());
  return std::make_unique<embedded_log>(std::move(*store), options, std::move(executor));
}

}  // namespace foldlog
