#include "core/log/shared_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>

namespace foldlog {

/// Where a reader stands, seen by its own thread and by those who wake it.
class shared_reader_state {
 public:
  struct place {
    partition_id at;
    offset_t next;
    bool paused = false;
    std::unique_ptr<record_source::scanner> scanner;
  };

  shared_reader_state(std::shared_ptr<record_source> source, const std::vector<event_log::start>& starts,
                      ready_handler ready)
      : source_(std::move(source)), ready_(std::make_shared<ready_handler>(std::move(ready))) {
    for (const auto& [at, from] : starts) places_.push_back({at, from, false, source_->scan(at)});
  }

  result<void> read(record_batch& into, const read_limits& limits);
  void seek(partition_id at, offset_t from);
  void set_paused(partition_id at, bool paused);

  [[nodiscard]] bool waits() const { return armed_; }
  void call_when_there_is_more();
  /// The handler is not running afterwards (unless this is called from it) and will not be called.
  void forget_handler();
  void release() {
    const std::scoped_lock lock(mutex_);
    places_.clear();
  }

 private:
  [[nodiscard]] bool has_more(const place& here) const { return !here.paused && here.next < source_->end(here.at); }
  [[nodiscard]] std::size_t count_of_places_with_more() const {
    return static_cast<std::size_t>(std::ranges::count_if(places_, [this](const place& p) { return has_more(p); }));
  }
  result<void> read_fairly(std::size_t active, record_batch& into, const read_limits& limits);
  bool found_nothing_for_sure();
  place& find(partition_id at);

  std::shared_ptr<record_source> source_;
  std::mutex mutex_;  ///< of places_ and turn_; never held while the handler runs
  std::vector<place> places_;
  std::size_t turn_ = 0;  ///< whose turn it is to be read first

  std::atomic<bool> armed_ = false;
  std::mutex handler_mutex_;
  std::condition_variable handler_done_;
  std::shared_ptr<ready_handler> ready_;
  std::thread::id caller_;
};

shared_reader_state::place& shared_reader_state::find(partition_id at) {
  const auto found = std::ranges::find(places_, at, &place::at);
  assert(found != places_.end() && "the reader was opened without this partition");
  return *found;
}

void shared_reader_state::seek(partition_id at, offset_t from) {
  {
    const std::scoped_lock lock(mutex_);
    find(at).next = from;
  }
  call_when_there_is_more();
}

void shared_reader_state::set_paused(partition_id at, bool paused) {
  {
    const std::scoped_lock lock(mutex_);
    find(at).paused = paused;
  }
  if (!paused) call_when_there_is_more();
}

result<void> shared_reader_state::read(record_batch& into, const read_limits& limits) {
  into.clear();
  armed_ = false;
  const std::scoped_lock lock(mutex_);
  bool refreshed = false;
  while (true) {
    const std::size_t active = count_of_places_with_more();
    if (active != 0) return read_fairly(active, into, limits);
    if (!refreshed) {
      if (auto news = source_->refresh(); !news) return news;
      refreshed = true;
    } else if (found_nothing_for_sure()) {
      return {};
    }
  }
}

/// Arms first and looks afterwards, so that a record that comes in between is not missed.
bool shared_reader_state::found_nothing_for_sure() {
  armed_ = true;
  if (count_of_places_with_more() == 0) return true;
  armed_ = false;
  return false;
}

result<void> shared_reader_state::read_fairly(std::size_t active, record_batch& into, const read_limits& limits) {
  const read_limits share{std::max<std::size_t>(1, limits.records / active),
                          std::max<std::size_t>(1, limits.bytes / active)};
  std::size_t bytes = 0;
  for (std::size_t visited = 0; visited < places_.size(); ++visited) {
    auto& here = places_[turn_];
    if (has_more(here)) {
      if (into.items.size() >= limits.records || (bytes >= limits.bytes && !into.items.empty())) break;
      const auto progress = here.scanner->scan(here.next, source_->end(here.at), share, into);
      if (!progress && !into.items.empty()) break;  // the others first; the error is met again, by itself
      if (progress) here.next = progress->next;
      if (progress) bytes += progress->bytes;
      turn_ = (turn_ + 1) % places_.size();
      if (!progress) return std::unexpected(progress.error());
    } else {
      turn_ = (turn_ + 1) % places_.size();
    }
  }
  return {};
}

/// Whoever calls the handler calls it again when the reader was armed once more meanwhile.
void shared_reader_state::call_when_there_is_more() {
  bool is_caller = false;
  while (true) {
    std::shared_ptr<ready_handler> handler;
    {
      const std::scoped_lock locks(mutex_, handler_mutex_);
      if (!is_caller && caller_ != std::thread::id{}) return;
      if (armed_ && ready_ && count_of_places_with_more() != 0) {
        armed_ = false;
        handler = ready_;
      }
      caller_ = handler ? std::this_thread::get_id() : std::thread::id{};
      if (!handler) handler_done_.notify_all();
    }
    if (!handler) return;
    is_caller = true;
    if (*handler) (*handler)();
  }
}

void shared_reader_state::forget_handler() {
  std::unique_lock lock(handler_mutex_);
  ready_.reset();
  handler_done_.wait(lock, [this] { return caller_ == std::thread::id{} || caller_ == std::this_thread::get_id(); });
}

void reader_hub::add(const std::shared_ptr<shared_reader_state>& reader) {
  const std::scoped_lock lock(mutex_);
  readers_.push_back(reader);
}

void reader_hub::remove(const std::shared_ptr<shared_reader_state>& reader) {
  const std::scoped_lock lock(mutex_);
  std::erase(readers_, reader);
}

std::vector<std::shared_ptr<shared_reader_state>> reader_hub::waiting() const {
  std::vector<std::shared_ptr<shared_reader_state>> found;
  const std::scoped_lock lock(mutex_);
  for (const auto& reader : readers_) {
    if (reader->waits()) found.push_back(reader);
  }
  return found;
}

void reader_hub::wake() {
  for (const auto& reader : waiting()) reader->call_when_there_is_more();
}

bool reader_hub::anyone_waits() const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(readers_, [](const auto& reader) { return reader->waits(); });
}

void reader_hub::close() {
  std::vector<std::shared_ptr<shared_reader_state>> all;
  {
    const std::scoped_lock lock(mutex_);
    all = readers_;
  }
  for (const auto& reader : all) reader->forget_handler();
}

namespace {

class shared_reader final : public log_reader {
 public:
  shared_reader(std::shared_ptr<shared_reader_state> state, std::shared_ptr<reader_hub> hub)
      : state_(std::move(state)), hub_(std::move(hub)) {
    hub_->add(state_);
  }
  ~shared_reader() override {
    hub_->remove(state_);
    state_->forget_handler();
    state_->release();
  }
  shared_reader(const shared_reader&) = delete;
  shared_reader& operator=(const shared_reader&) = delete;

  result<void> read(record_batch& into, const read_limits& limits) override { return state_->read(into, limits); }
  void seek(partition_id at, offset_t from) override { state_->seek(at, from); }
  void pause(partition_id at) override { state_->set_paused(at, true); }
  void resume(partition_id at) override { state_->set_paused(at, false); }

 private:
  std::shared_ptr<shared_reader_state> state_;
  std::shared_ptr<reader_hub> hub_;
};

}  // namespace

std::unique_ptr<log_reader> make_shared_reader(std::shared_ptr<record_source> source, std::shared_ptr<reader_hub> hub,
                                               const std::vector<event_log::start>& starts, ready_handler ready) {
  auto state = std::make_shared<shared_reader_state>(std::move(source), starts, std::move(ready));
  return std::make_unique<shared_reader>(std::move(state), std::move(hub));
}

result<record_batch> read_range(record_source& source, partition_id of, offset_t first, offset_t last) {
  assert(offset_t{0} <= first && first <= last);
  if (source.end(of) <= last) {
    if (auto news = source.refresh(); !news) return std::unexpected(news.error());
  }
  if (source.end(of) <= last) {
    return fail(error_kind::damaged,
                fmt::format("offset {} was asked for, the log ends at {}", raw(last), raw(source.end(of))));
  }
  constexpr read_limits all{std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max()};
  record_batch batch;
  const auto scanner = source.scan(of);
  for (offset_t at = first; at <= last;) {
    const auto progress = scanner->scan(at, next(last), all, batch);
    if (!progress) return std::unexpected(progress.error());
    at = progress->next;
  }
  return batch;
}

}  // namespace foldlog
