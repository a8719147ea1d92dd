#include "query/moment.h"

#include <fmt/format.h>

#include <chrono>

#include "core/base/planted.h"
#include "core/store/view_layout.h"
#include "query/query_context.h"

namespace foldlog::query {
namespace {

constexpr std::chrono::seconds kept_for{1};

// Reads each checkpoint by its key: they are rewritten with every fold, and an iterator would walk over what they were
// before (measured with 8 partitions: 11 us, by iterator 31 us).
result<std::shared_ptr<const moment>> take_moment(const query_context& context, std::string_view domain,
                                                  std::string_view view, std::span<const std::string> topics) {
  auto now = std::make_shared<moment>(context.views->snapshot(), token{}, std::string());
  for (const auto& topic : topics) {
    for (std::int32_t partition = 0; partition < context.log->partitions(); ++partition) {
      const auto stored = now->rows->get(view_layout::checkpoint_key(domain, view, {topic, partition}));
      if (!stored) return std::unexpected(stored.error());
      if (!*stored) continue;
      const auto point = view_layout::checkpoint::decode(**stored);
      if (!point) return fail(error_kind::damaged, fmt::format("a checkpoint of {}/{} does not parse", domain, view));
      if (raw(point->next) > 0) now->reached.set(topic, partition, point->next - 1);
    }
  }
  now->position = now->reached.text();
  return now;
}

}  // namespace

std::shared_ptr<moment_cache::entry> moment_cache::entry_of(std::string_view domain, std::string_view view) {
  auto name = std::string(domain).append("/").append(view);
  const std::lock_guard lock(mutex_);
  auto& known = entries_[std::move(name)];
  if (!known) known = std::make_shared<entry>();
  return known;
}

result<std::shared_ptr<const moment>> moment_cache::look(const query_context& context, std::string_view domain,
                                                         std::string_view view, std::span<const std::string> topics) {
  if (!context.store_generation) return take_moment(context, domain, view, topics);
  const auto kept = entry_of(domain, view);
  const std::lock_guard lock(kept->mutex);
  // Asked before the snapshot is taken: a write in between makes the next read take another.
  const auto generation = context.store_generation();
  if (kept->now && kept->generation == generation) return kept->now;
  auto now = take_moment(context, domain, view, topics);
  if (!now) return now;
  if (planted(defect::rows_of_another_moment) && kept->now) {
    now = std::make_shared<moment>(kept->now->rows, (*now)->reached, (*now)->position);
  }
  kept->now = *now;
  kept->generation = generation;
  if (!kept->release) {
    kept->release = context.alarm(kept_for, [weak = std::weak_ptr(kept)] {
      const auto idle = weak.lock();
      if (!idle) return;
      const std::lock_guard release(idle->mutex);
      idle->now.reset();
      idle->release.reset();
    });
  }
  return now;
}

}  // namespace foldlog::query
