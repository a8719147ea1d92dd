#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/log/event_log.h"

namespace foldlog {

/// The newest high watermark heard of, per partition. Any thread.
class kafka_ends {
 public:
  explicit kafka_ends(std::size_t topics) : ends_(topics) {}

  void raise(partition_id of, offset_t end) {
    const std::lock_guard lock(mutex_);
    auto& topic = ends_[of.topic];
    if (topic.size() <= static_cast<std::size_t>(of.partition)) topic.resize(of.partition + 1, no_offset);
    topic[of.partition] = std::max(topic[of.partition], end);
  }
  /// `no_offset`: nothing was heard yet.
  [[nodiscard]] offset_t of(partition_id which) const {
    const std::lock_guard lock(mutex_);
    const auto& topic = ends_[which.topic];
    return static_cast<std::size_t>(which.partition) < topic.size() ? topic[which.partition] : no_offset;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::vector<offset_t>> ends_;
};

}  // namespace foldlog
