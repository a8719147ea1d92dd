#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/log/memory_log.h"

// An independent reading of a log: its own arbiter (API.md section 3) and its own bank (section 5), sharing nothing
// with the engine but the records.
namespace foldlog::test {

struct bank_moment {
  bool exists = false, closed = false;
  std::int64_t balance = 0, limit = 0;
  bool commit_ends_here = true;
};

struct checked_event {
  std::string type, data;
  offset_t offset = no_offset;
  std::uint64_t version = 0;
};

struct checked_log {
  std::map<std::string, std::vector<bank_moment>> streams;  ///< by id: the account at version 0, 1, 2 ...
  std::map<std::string, std::vector<std::vector<checked_event>>>
      commands;  ///< by `stream command-id`: the accepted commits
  std::size_t accepted = 0, ignored = 0, claims = 0, proofs = 0;
  std::vector<std::string> complaints;
};

[[nodiscard]] checked_log check_log(memory_log& log);

/// What the bank's rules say to a command at that moment: a refusal's code, empty when it is taken.
[[nodiscard]] std::string refusal_of(const bank_moment& at, const std::string& command, std::int64_t amount);

}  // namespace foldlog::test
