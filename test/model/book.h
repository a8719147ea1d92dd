#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/log/arbiter.h"
#include "scope.h"

namespace foldlog::test {

/// What the log really says: an arbiter and a fold of the checker's own (it shares no code with the engine's), and what
/// must hold of every accepted commit. With a rule of the arbiter removed everybody reads without that rule, so the
/// engine's arbiter takes the place of the checker's, and only what clients see can go wrong.
class book {
 public:
  struct accepted {
    int command = 0;
    int attempt = 0;
    bool refused = false;       ///< a recorded refusal
    std::uint64_t version = 0;  ///< of the stream after it
    std::vector<offset_t> offsets;
  };
  /// The folded log after so many records.
  struct point {
    struct stream {
      std::int64_t count = 0;
      std::uint64_t version = 0;
    };
    std::array<stream, stream_names.size()> streams{};
    std::size_t commits = 0;
    arbiter::state judged;
  };

  book(const std::vector<wanted_command>& commands, bool by_engine, bool compare);

  /// The next record of the log.
  void put(const record& next);

  [[nodiscard]] const std::vector<accepted>& commits() const { return commits_; }
  [[nodiscard]] const point& after(std::size_t records) const { return points_[records]; }
  /// That of the stream which the command is about.
  [[nodiscard]] const point::stream& stream_of(int command, std::size_t records) const {
    return points_[records].streams[commands_[static_cast<std::size_t>(command)].stream];
  }
  [[nodiscard]] std::size_t size() const { return points_.size() - 1; }
  [[nodiscard]] const accepted* find(int command, std::size_t among = SIZE_MAX) const;
  /// Would the command be refused, at that version, on the folded log after so many records?
  [[nodiscard]] bool refuses(int command, std::size_t records) const;
  /// Would the condition on the stream's version fail?
  [[nodiscard]] bool mismatches(int command, std::size_t records) const;
  /// An attempt that was told that it certainly has no effect.
  void rule_out(int command, int attempt);
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  [[nodiscard]] bool judge(const record& next);
  void accept();
  void complain(std::string what);

  const std::vector<wanted_command>& commands_;
  bool by_engine_;
  bool compare_;
  arbiter engine_;
  std::vector<record> open_;
  std::vector<accepted> commits_;
  std::vector<point> points_;
  std::vector<std::pair<int, int>> ruled_out_;
  std::string wrong_;
};

/// `c2` -> 1; -1 for anything else.
[[nodiscard]] int command_of(const record& of);
[[nodiscard]] int attempt_of(const record& of);

}  // namespace foldlog::test
