#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace foldlog {

/// A board that all nodes of a log share: one note per key, the newest wins. What stands there is a hint, never a
/// proof: notes may come late or not at all, and silence says nothing.
///
/// All of it is used, and the handler called, on the executor that the board was opened with.
class node_board {
 public:
  /// Called for every note in the order in which they were posted, the own ones too; first for those that stood there
  /// before. An empty text takes a key's note down. Never called from within post().
  using handler = std::function<void(std::string_view key, std::string_view text)>;

  virtual ~node_board() = default;
  /// Once, before anything is posted.
  virtual void read(handler heard) = 0;
  /// Puts a note up without waiting; a failure is not told: post it again.
  virtual void post(std::string_view key, std::string_view text) = 0;
  /// What was posted is on its way; no call of the handler afterwards.
  virtual void close() = 0;
};

}  // namespace foldlog
