#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/cluster/peers.h"
#include "core/log/node_board.h"
#include "core/runtime/alarm.h"

namespace foldlog {

struct membership_options {
  std::chrono::milliseconds interval{1000};  ///< between two announcements of a node that has no news
  std::chrono::milliseconds listening{300};  ///< after the first one: whoever lives answers it within this time
};

/// A node among the others: announces itself on the board and keeps the picture of those who live.
///
/// Nothing that stands on the board when it comes is believed: a node lives from the first note on that is heard after
/// this one's own first. Everybody answers a newcomer at once, so that it need not wait for the interval.
///
/// Used on one executor.
class membership {
 public:
  /// `describe` gives what this node says of itself at present; its name, cluster, instance and topics never change.
  membership(node_board& board, std::function<announcement()> describe, alarm alarm, const clock& time,
             random_source random, membership_options options = {});

  /// Comes in, and listens; `heard` is called once when it knows the others, or with the reason why it may not be one
  /// of them (conflict): its name is another living node's, another cluster writes to its topics, a node speaks another
  /// format.
  void join(std::function<void(result<void>)> heard);
  /// Told of every change of the picture.
  void on_change(std::function<void()> changed) { changed_.push_back(std::move(changed)); }
  /// What this node says of itself has changed: soon the others know.
  void announce_soon();
  /// Takes the note down; nothing is announced or told afterwards.
  void leave();

  [[nodiscard]] const foldlog::peers& picture() const { return peers_; }
  [[nodiscard]] const announcement& self() const { return self_; }
  /// The first look round is over.
  [[nodiscard]] bool joined() const { return joined_; }
  /// No other node that owns partitions is known to live.
  [[nodiscard]] bool alone() const;
  [[nodiscard]] std::uint64_t notes_refused() const { return refused_; }

 private:
  void announce();
  void hear(std::string_view key, std::string_view text);
  void hear_own(const announcement& own);
  void hear_other(announcement other);
  void refuse(const error& why);
  [[nodiscard]] std::optional<error> conflict_with(const announcement& other) const;
  void finish_listening();
  void keep_time();
  void tell();

  node_board& board_;
  std::function<announcement()> describe_;
  alarm alarm_;
  const clock& time_;
  random_source random_;
  membership_options options_;
  foldlog::peers peers_;
  announcement self_;
  std::vector<std::function<void()>> changed_;
  std::function<void(result<void>)> heard_;
  bool came_in_ = false;  ///< the own first note was heard: what comes now is news
  bool joined_ = false;
  bool left_ = false;
  bool name_is_taken_ = false;      ///< by the node of the note that was refused last
  std::set<std::string> answered_;  ///< the instances that do not fit and were answered
  std::uint64_t refused_ = 0;
  std::chrono::nanoseconds announced_{};
  std::shared_ptr<void> announce_timer_;
  std::shared_ptr<void> listen_timer_;
  std::shared_ptr<void> interval_timer_;
};

}  // namespace foldlog
