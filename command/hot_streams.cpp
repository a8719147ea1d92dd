#include "command/hot_streams.h"

namespace foldlog {

hot_stream* hot_streams::find(std::string_view id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return nullptr;
  if (found->second != by_use_.begin()) by_use_.splice(by_use_.begin(), by_use_, found->second);
  return &*found->second;
}

hot_stream& hot_streams::insert(std::string_view id, folded_stream certain, std::size_t state_bytes) {
  by_use_.emplace_front();
  auto& stream = by_use_.front();
  stream.id = id;
  stream.certain = std::move(certain);
  stream.forget_newest();
  stream.bytes = sizeof(hot_stream) + 2 * id.size() + state_bytes + 64;
  bytes_ += stream.bytes;
  places_.emplace(stream.id, by_use_.begin());
  return stream;
}

void hot_streams::evict() {
  for (auto at = by_use_.end(); bytes_ > bytes_max_ && at != by_use_.begin();) {
    --at;
    if (at->uncertain > 0 || at->dirty || at->saving) continue;
    bytes_ -= at->bytes;
    places_.erase(at->id);
    at = by_use_.erase(at);
  }
}

void hot_streams::clear() {
  places_.clear();
  by_use_.clear();
  bytes_ = 0;
}

}  // namespace foldlog
