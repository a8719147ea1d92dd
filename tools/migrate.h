#pragma once

#include <string>

#include "tools/configuration.h"

namespace foldlog {

struct migrate_command {
  std::string from;  ///< `embedded:DIR`
  std::string to;    ///< `kafka:host:port,…`
  bool json = false;
};

/// `foldlog migrate`: copies an embedded log, with no server on it, into Kafka topics that are empty or not there yet.
/// Every record takes the offset that it had, so that verdicts, versions, command ids, positions and the digests of
/// views stay as they are. Gives the exit status.
[[nodiscard]] int migrate(const configuration& with, const migrate_command& what);

}  // namespace foldlog
