#include "core/log/commit_reader.h"

#include <array>
#include <cassert>

namespace foldlog {

commit_reader::commit_reader(const arbiter::state& saved) : arbiter_(saved) {
  assert(saved.open_count == 0 && "a commit reader starts where no commit is open");
}

commit_reader::outcome commit_reader::feed(const record& next) {
  const bool inside = arbiter_.now().open_count != 0;
  if (!inside) drop();
  const auto verdict = arbiter_.judge(next);
  switch (verdict) {
    case verdict::claim:
      drop();
      return {verdict, {}};
    case verdict::continues:
      keep(next);
      return {verdict, {}};
    case verdict::completes:
      open_.push_back(next);  // its bytes need not be kept: they outlive this answer
      return {verdict, open_};
    case verdict::ignored:
    case verdict::damaged:
      break;
  }
  return {verdict, {}};
}

void commit_reader::keep(const record& next) {
  record& kept = open_.emplace_back(next);
  const std::array views{&kept.key,          &kept.type,  &kept.value,      &kept.command_id, &kept.correlation_id,
                         &kept.causation_id, &kept.actor, &kept.traceparent};
  std::size_t size = 0;
  for (const auto* view : views) size += view->size();
  std::string& bytes = bytes_.emplace_back();
  bytes.reserve(size);
  for (auto* view : views) {
    const std::size_t begin = bytes.size();
    bytes.append(*view);
    *view = std::string_view(bytes.data() + begin, view->size());  // reserved: the bytes do not move
  }
}

void commit_reader::drop() {
  open_.clear();
  bytes_.clear();
}

}  // namespace foldlog
