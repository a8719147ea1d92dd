#include "tools/log_reading.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace foldlog {
namespace {

struct signal {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
};

}  // namespace

result<void> read_blocking(event_log& log, const blocking_read& what) {
  const auto wake = std::make_shared<signal>();
  auto open = what.starts;
  const auto last_of = [&](partition_id at) { return what.last.find(log.topics()[at.topic], at.partition); };
  if (!what.follow()) std::erase_if(open, [&](const auto& start) { return start.from > last_of(start.at); });
  if (open.empty()) return {};
  auto reader = log.open_reader(open, [wake] {
    const std::lock_guard lock(wake->mutex);
    wake->ready = true;
    wake->changed.notify_one();
  });
  record_batch batch;
  std::size_t missing = open.size();
  while (missing > 0 || what.follow()) {
    if (auto got = reader->read(batch, {}); !got) return got;
    for (const auto& item : batch.items) {
      const auto last = last_of({item.topic, item.partition});
      if (item.record.offset > last && !what.follow()) continue;
      if (!what.visit({item.topic, item.partition}, item.record)) return {};
      if (item.record.offset == last) --missing;
    }
    if (!batch.items.empty()) continue;
    what.idle();
    std::unique_lock lock(wake->mutex);
    wake->changed.wait_for(lock, std::chrono::milliseconds(200), [&] { return wake->ready; });
    wake->ready = false;
  }
  return {};
}

}  // namespace foldlog
