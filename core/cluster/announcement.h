#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/position.h"
#include "core/base/result.h"

namespace foldlog {

/// What a node does (DESIGN section 10); any mix.
struct node_roles {
  bool command = false;
  bool query = false;
  bool front = false;

  /// `command,query,front`, in any order, at least one. Error: invalid.
  [[nodiscard]] static result<node_roles> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  bool operator==(const node_roles&) const = default;
};

/// A partition that a node serves, with the offset of the claim by which it does: the later claim is the truth.
struct owned_partition {
  topic_partition at;
  offset_t claim = no_offset;
  bool operator==(const owned_partition&) const = default;
};

/// What a node tells the others of itself: its note on the board, under its name.
///
///     foldlog-node: 1
///     cluster: main
///     instance: 9f3c2a71
///     version: 0.1.0
///     roles: command,query
///     endpoint: http://10.0.0.7:8080
///     topics: bank.account
///     partitions: 8
///     serves: command,query           ready for them at present
///     load: 12                        requests under way
///     ttl-ms: 3000
///     owns: bank.account/3@1184,bank.account/5@77
///
/// Lines of other names are passed over: a later version may add some.
struct announcement {
  static constexpr int format = 1;

  std::string node;      ///< the note's key
  std::string cluster;   ///< nodes of one name share the partitions out
  std::string instance;  ///< another one after each start
  std::string version;
  node_roles roles;
  std::string endpoint;  ///< `http://host:port`
  std::vector<std::string> topics;
  std::int32_t partitions = 0;
  node_roles serves;
  std::uint64_t load = 0;
  std::chrono::milliseconds time_to_live{3000};
  std::vector<owned_partition> owns;

  [[nodiscard]] std::string text() const;
  /// Errors: invalid (no note of a node), conflict (one of another format).
  [[nodiscard]] static result<announcement> parse(std::string_view node, std::string_view text);
  bool operator==(const announcement&) const = default;
};

}  // namespace foldlog
