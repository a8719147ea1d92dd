#include "core/runtime/progress.h"

#include <algorithm>

namespace foldlog {

std::string_view name(fold_state state) {
  switch (state) {
    case fold_state::catching_up:
      return "catching-up";
    case fold_state::running:
      return "running";
    case fold_state::halted:
      return "halted";
  }
  return "halted";
}

struct progress::waiter {
  std::string domain;
  std::string view;
  token wanted;
  std::function<void()> done;
};

progress::handle progress::add(std::string_view domain, std::string_view view, const topic_partition& at) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({.domain = std::string(domain), .view = std::string(view), .at = at, .reason = {}});
  return handle{entries_.size() - 1};
}

void progress::update(handle of, const std::function<void(entry&)>& change) {
  std::vector<std::shared_ptr<waiter>> reached;
  {
    const std::lock_guard lock(mutex_);
    change(entries_.at(static_cast<std::size_t>(of)));
    std::erase_if(waiters_, [&](const std::weak_ptr<waiter>& weak) {
      auto waiting = weak.lock();
      if (!waiting) return true;
      if (!reached_locked(waiting->domain, waiting->view, waiting->wanted)) return false;
      reached.push_back(std::move(waiting));
      return true;
    });
  }
  for (const auto& waiting : reached) waiting->done();
}

bool progress::reached(std::string_view domain, std::string_view view, const token& wanted) const {
  const std::lock_guard lock(mutex_);
  return reached_locked(domain, view, wanted);
}

bool progress::reached_locked(std::string_view domain, std::string_view view, const token& wanted) const {
  return std::ranges::all_of(wanted.positions, [&](const position& part) {
    return std::ranges::any_of(entries_, [&](const entry& known) {
      return known.at == part.at && known.view == view && known.domain == domain && known.folded >= part.offset;
    });
  });
}

std::shared_ptr<void> progress::wait(std::string_view domain, std::string_view view, token wanted,
                                     std::function<void()> done) {
  auto waiting = std::make_shared<waiter>(std::string(domain), std::string(view), std::move(wanted), std::move(done));
  {
    const std::lock_guard lock(mutex_);
    if (!reached_locked(domain, view, waiting->wanted)) {
      waiters_.push_back(waiting);
      return waiting;
    }
  }
  waiting->done();
  return waiting;
}

std::vector<progress::entry> progress::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

}  // namespace foldlog
