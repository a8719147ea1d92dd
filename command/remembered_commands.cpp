#include "command/remembered_commands.h"

namespace foldlog {

std::string remembered_commands::key(std::string_view id, std::string_view command_id) {
  std::string joined;
  joined.reserve(id.size() + 1 + command_id.size());
  joined += id;
  joined.push_back('\0');
  joined += command_id;
  return joined;
}

void remembered_commands::begin(std::string_view id, std::string_view command_id, std::uint64_t hash) {
  auto& known = entries_[key(id, command_id)];
  known.under_way = true;
  known.hash = hash;
}

void remembered_commands::settle(std::string_view id, std::string_view command_id, remembered outcome) {
  auto& known = *entries_.try_emplace(key(id, command_id)).first;
  known.second.under_way = false;
  known.second.outcome = std::move(outcome);
  ++known.second.unsaved;
  unsaved_.push_back(&known);
}

void remembered_commands::forget(std::string_view id, std::string_view command_id) {
  const auto found = entries_.find(key(id, command_id));
  if (found == entries_.end()) return;
  found->second.under_way = false;
  if (!found->second.outcome) entries_.erase(found);
}

const remembered_commands::entry* remembered_commands::find(std::string_view id, std::string_view command_id) const {
  const auto found = entries_.find(key(id, command_id));
  return found == entries_.end() ? nullptr : &found->second;
}

void remembered_commands::put_unsaved(write_model& rows, store_batch& batch) {
  for (const auto* at : unsaved_) {
    const std::string_view name = at->first;
    const auto zero = name.find('\0');
    rows.put(batch, name.substr(0, zero), name.substr(zero + 1), *at->second.outcome);
  }
  saving_ = std::move(unsaved_);
  unsaved_.clear();
}

void remembered_commands::saved(bool written) {
  if (!written) {
    unsaved_.insert(unsaved_.begin(), saving_.begin(), saving_.end());
    saving_.clear();
  }
  for (auto* at : saving_) {
    if (--at->second.unsaved > 0) continue;
    at->second.outcome.reset();
    if (!at->second.under_way) entries_.erase(entries_.find(at->first));
  }
  saving_.clear();
}

void remembered_commands::clear() {
  entries_.clear();
  unsaved_.clear();
  saving_.clear();
}

}  // namespace foldlog
