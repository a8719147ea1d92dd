#include "core/log/memory_cluster.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <set>

namespace foldlog {

class memory_board final : public node_board {
 public:
  explicit memory_board(std::shared_ptr<memory_cluster> of) : of_(std::move(of)) {}
  ~memory_board() override { std::erase(of_->boards_, this); }

  void read(handler heard) override {
    heard_ = std::move(heard);
    of_->boards_.push_back(this);
    tell();
  }
  void post(std::string_view key, std::string_view text) override {
    if (!closed_) of_->post(std::string(key), std::string(text));
  }
  void close() override {
    closed_ = true;
    alive_.reset();
  }

  void tell() {
    boost::asio::post(of_->executor_, [this, alive = std::weak_ptr(alive_)] {
      while (!alive.expired() && told_ < of_->notes_.size()) {
        const auto note = of_->notes_[told_++];
        heard_(note.first, note.second);
      }
    });
  }

 private:
  std::shared_ptr<memory_cluster> of_;
  handler heard_;
  std::size_t told_ = 0;
  bool closed_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

class memory_group final : public partition_group {
 public:
  explicit memory_group(std::shared_ptr<memory_cluster> of) : of_(std::move(of)) {}
  ~memory_group() override { close(); }

  void join(handlers heard) override {
    heard_ = std::move(heard);
    of_->members_.push_back(this);
    of_->share_out();
  }
  void release(partition_id at) override {
    if (asked_.erase(at) == 0) return;
    of_->holders_.erase(at);
    of_->share_out();
    end_when_empty();
  }
  void leave(std::function<void()> done) override {
    std::erase(of_->members_, this);
    left_ = std::move(done);
    const auto mine = held();
    revoke(mine);
    of_->share_out();
    end_when_empty();
  }
  void close() override {
    if (!alive_) return;
    alive_.reset();
    std::erase(of_->members_, this);
    for (const auto& at : held()) of_->holders_.erase(at);
    of_->share_out();
  }

  void give(partition_id at) {
    of_->holders_[at] = this;
    later([this, at] { heard_.assigned({at}); });
  }
  void revoke(const std::vector<partition_id>& these) {
    std::vector<partition_id> fresh;
    for (const auto& at : these) {
      if (asked_.insert(at).second) fresh.push_back(at);
    }
    if (!fresh.empty()) later([this, fresh] { heard_.revoked(fresh); });
  }
  void lose() {
    const auto mine = held();
    asked_.clear();
    for (const auto& at : mine) of_->holders_.erase(at);
    later([this, mine] { heard_.lost(mine); });
  }
  [[nodiscard]] std::vector<partition_id> held() const {
    std::vector<partition_id> mine;
    for (const auto& [at, holder] : of_->holders_) {
      if (holder == this) mine.push_back(at);
    }
    return mine;
  }

 private:
  template <typename Call>
  void later(Call call) {
    boost::asio::post(of_->executor_, [alive = std::weak_ptr(alive_), call = std::move(call)] {
      if (!alive.expired()) call();
    });
  }
  void end_when_empty() {
    if (left_ && held().empty()) later(std::exchange(left_, nullptr));
  }

  std::shared_ptr<memory_cluster> of_;
  handlers heard_;
  std::set<partition_id> asked_;
  std::function<void()> left_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

std::unique_ptr<node_board> memory_cluster::open_board() { return std::make_unique<memory_board>(shared_from_this()); }

std::unique_ptr<partition_group> memory_cluster::open_group() {
  return std::make_unique<memory_group>(shared_from_this());
}

void memory_cluster::post(std::string key, std::string text) {
  notes_.emplace_back(std::move(key), std::move(text));
  for (auto* board : boards_) board->tell();
}

// Each partition to the member with the fewest, and none keeps more than its share.
void memory_cluster::share_out() {
  if (members_.empty()) return;
  const auto share = (partitions_.size() + members_.size() - 1) / members_.size();
  for (const auto& at : partitions_) {
    if (holders_.contains(at)) continue;
    (*std::ranges::min_element(members_, {}, [](const auto* one) { return one->held().size(); }))->give(at);
  }
  for (auto* one : members_) {
    const auto mine = one->held();
    if (mine.size() > share) one->revoke({mine.begin() + static_cast<std::ptrdiff_t>(share), mine.end()});
  }
}

void memory_cluster::lose_all() {
  const auto all = members_;
  for (auto* one : all) one->lose();
  share_out();
}

}  // namespace foldlog
