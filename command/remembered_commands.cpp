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
  auto name = key(id, command_id);
  auto& known = entries_[name];
  known.under_way = false;
  known.outcome = std::move(outcome);
  ++known.unsaved;
  unsaved_.push_back(std::move(name));
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
  for (const auto& name : unsaved_) {
    const auto& outcome = *entries_.at(name).outcome;
    const auto zero = name.find('\0');
    rows.put(batch, std::string_view(name).substr(0, zero), std::string_view(name).substr(zero + 1), outcome);
  }
  saving_ = std::move(unsaved_);
  unsaved_.clear();
}

void remembered_commands::saved(bool written) {
  if (!written) {
    unsaved_.insert(unsaved_.begin(), saving_.begin(), saving_.end());
    saving_.clear();
  }
  for (const auto& name : saving_) {
    const auto found = entries_.find(name);
    if (--found->second.unsaved > 0) continue;
    found->second.outcome.reset();
    if (!found->second.under_way) entries_.erase(found);
  }
  saving_.clear();
}

void remembered_commands::clear() {
  entries_.clear();
  unsaved_.clear();
  saving_.clear();
}

}  // namespace foldlog
